package backup

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fleetledger/fleetledger/adapters/eventnode"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// source is a database with a log of n events, of which the last has a content that
// COPY has to escape, and rows that refer to each other.
func source(t *testing.T, n int) *pgx.Conn {
	t.Helper()
	pool := pgtest.Pool(t, pgtest.Empty())
	require.NoError(t, postgres.Migrate(t.Context(), pool))
	conn, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	require.NoError(t, eventnode.MigrateTo(t.Context(), conn, 1))
	_, err = conn.Exec(t.Context(), `INSERT INTO eventnode.events SELECT i, 0, now(), gen_random_uuid(), true, E's\t\\' || i, 'T',
		'{"a": "b"}', '{"occurredAt": "2026-01-02T03:04:05Z"}' FROM generate_series(1, $1) i`, n)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `WITH o AS (INSERT INTO ops.operations (id, kind, state, request, total, created_at)
			VALUES (gen_random_uuid(), 'k', 'queued', E'{"x": "\\n\\u0000"}', 1, now()) RETURNING id)
		INSERT INTO ops.operation_items SELECT id, 0, '[1]' FROM o`)
	require.NoError(t, err)
	return conn
}

func created(t *testing.T, conn *pgx.Conn) (string, Manifest) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.backup")
	m, err := Create(t.Context(), Source{Conn: conn, Program: "test", WithLog: true}, path)
	require.NoError(t, err)
	return path, m
}

func verified(t *testing.T, path string) error {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		return err
	}
	defer func() { require.NoError(t, f.Close()) }()
	return f.Verify(t.Context(), nil)
}

func TestWhatIsFilledIsWhatWasCopied(t *testing.T) {
	t.Parallel()
	from := source(t, 25_000)
	path, m := created(t, from)
	require.NoError(t, verified(t, path))
	require.EqualValues(t, 25_000, m.Log.Events)
	require.Equal(t, 2026, m.Log.Last.OccurredAt.Year())

	pool := pgtest.Pool(t, pgtest.Empty())
	to, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig)
	require.NoError(t, err)
	defer func() { _ = to.Close(context.Background()) }()
	require.NoError(t, CheckFinished(t.Context(), to))
	f, err := Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	for range 2 { // the second one begins anew
		require.NoError(t, Begin(t.Context(), to))
		require.ErrorIs(t, CheckFinished(t.Context(), to), ErrUnfinished)
		require.NoError(t, eventnode.MigrateTo(t.Context(), to, m.Migrations.Log))
		require.NoError(t, postgres.MigrateTo(t.Context(), pool, postgres.Versions{Tables: m.Migrations.Service, Jobs: m.Migrations.Jobs}))
		require.NoError(t, f.Fill(t.Context(), to, nil))
	}
	require.NoError(t, Finish(t.Context(), to))
	require.ErrorIs(t, Begin(t.Context(), to), ErrNotEmpty)
	again, m2 := created(t, to)
	require.NoError(t, verified(t, again))
	for i, table := range m.Tables {
		require.Equal(t, table, m2.Tables[i], "the same rows")
	}
}

// Wherever a bit is flipped, and wherever the file is cut, it is told.
func TestEveryDamageIsTold(t *testing.T) {
	t.Parallel()
	path, _ := created(t, source(t, 300))
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	damaged := func(content []byte) error {
		other := filepath.Join(t.TempDir(), "damaged")
		require.NoError(t, os.WriteFile(other, content, 0o600))
		return verified(t, other)
	}
	require.NoError(t, damaged(good))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 400 {
		at, bit := random.IntN(len(good)), random.IntN(8)
		content := append([]byte(nil), good...)
		content[at] ^= 1 << bit
		require.Error(t, damaged(content), "bit %d of byte %d", bit, at)
	}
	for range 100 {
		at := random.IntN(len(good))
		require.Error(t, damaged(good[:at]), "cut at %d", at)
	}
	require.Error(t, damaged(append(append([]byte(nil), good...), '\n')))
	for at := len(good) - sealLength; at < len(good); at++ { // the last line, in all letters
		content := append([]byte(nil), good...)
		content[at] ^= 0x20
		require.Error(t, damaged(content), "byte %d", at)
	}
}

func TestLogWithAGapIsNoBackup(t *testing.T) {
	t.Parallel()
	conn := source(t, 10)
	_, err := conn.Exec(t.Context(), `DELETE FROM eventnode.events WHERE position = 5`)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "x.backup")
	_, err = Create(t.Context(), Source{Conn: conn, WithLog: true}, path)
	require.ErrorContains(t, err, "gaps")
	require.NoFileExists(t, path)
	require.NoFileExists(t, path+".tmp")
}

func TestTwoBackupsIntoOneFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.backup")
	first, err := createArchive(path)
	require.NoError(t, err)
	_, err = createArchive(path)
	require.ErrorContains(t, err, "another backup is being written there")
	require.NoError(t, RemoveUnfinished(filepath.Dir(path)))
	require.FileExists(t, path+".tmp", "somebody writes it")
	// As by a kill. The lock is given back first: closing alone leaves it to a process
	// that another test forks at this moment, until it executes its program.
	require.NoError(t, unix.Flock(int(first.file.Fd()), unix.LOCK_UN))
	require.NoError(t, first.file.Close())
	require.NoError(t, RemoveUnfinished(filepath.Dir(path)))
	require.NoFileExists(t, path+".tmp")
}

func TestNewerFormatIsRefused(t *testing.T) {
	t.Parallel()
	_, err := readManifest([]byte(`{"format": 2}`))
	require.ErrorIs(t, err, ErrNewer)
}

// A damage that takes a value away, and not the tab beside it, is one of the row.
func TestRowsOfTheLogAreChecked(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	f := &File{Manifest: Manifest{Log: &Log{Events: 1, Last: &Event{Position: 1, ID: id}}}}
	for flag, damaged := range map[string]bool{"t": false, "f": false, "": true, "x": true, "tt": true} {
		check, err := f.logChecker(Table{Columns: []string{"position", "id", "is_json", "data", "metadata"}, Rows: 1})
		require.NoError(t, err)
		err = check([][]byte{[]byte("1"), []byte(id.String()), []byte(flag), []byte(`\\x7b7d`), []byte(`\\x`)})
		require.Equal(t, damaged, err != nil, "%q: %v", flag, err)
	}
}
