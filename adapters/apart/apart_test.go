package apart

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

func TestListsAreReadAgainEachThingOnce(t *testing.T) {
	t.Parallel()
	one, two := t.TempDir(), t.TempDir()
	person, mail, event := uuid.New(), uuid.New(), uuid.New()
	l := Open(one, two)
	require.NoError(t, l.Erased(person))
	require.NoError(t, l.Erased(person))
	require.NoError(t, l.Sent(mail, event, "AccountCreated"))
	require.NoError(t, Open(one).Erased(person), "after a restart")

	info, err := os.Stat(filepath.Join(one, FileName))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	all, cut, err := Read(filepath.Join(one, FileName), filepath.Join(two, FileName), filepath.Join(one, "nothing"))
	require.NoError(t, err)
	require.Zero(t, cut)
	require.Len(t, all, 2)
	require.Equal(t, person, all[0].Erased)
	require.Equal(t, Entry{At: all[1].At, Mail: mail, Event: event, Kind: "AccountCreated"}, all[1])
}

func TestALineThatWasCutSpoilsNoOther(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	person := uuid.New()
	require.NoError(t, os.WriteFile(path, []byte(`{"at":"2026-11-28T21:00:00Z","era`), 0o600))
	require.NoError(t, Open(dir).Erased(person))
	all, cut, err := Read(path)
	require.NoError(t, err)
	require.Equal(t, 1, cut)
	require.Len(t, all, 1)
	require.Equal(t, person, all[0].Erased)
}

func TestAnErasureThatCannotBeNotedIsAnError(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	l := Open(file)
	require.ErrorContains(t, l.Erased(uuid.New()), "kept apart")
}
