package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// Hashes that a dead command left go after a day, those in force stay, and so do
// those of whom nothing was decided yet.
func TestForgetCredentials(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	joined, waiting := m.join("bo@x.example", false, "full"), m.invite("cy@x.example", false, "full")
	put := func(user uuid.UUID) uuid.UUID {
		t.Helper()
		id := uuid.New()
		require.NoError(t, m.people.Store.PutCredential(m.ctx, id, user, "hash", m.clock.Now()))
		return id
	}
	kept := func(id uuid.UUID) bool {
		t.Helper()
		hash, err := m.people.Store.Credential(m.ctx, id)
		require.NoError(t, err)
		return hash != ""
	}
	spare, first, second := put(joined), put(waiting), put(waiting)
	require.NoError(t, m.People.ForgetCredentials(m.ctx))
	require.True(t, kept(spare), "its command may still be at work")
	m.clock.Advance(25 * time.Hour)
	late := put(joined)
	require.NoError(t, m.People.ForgetCredentials(m.ctx))
	require.Equal(t, []bool{false, true, true, true}, []bool{kept(spare), kept(late), kept(first), kept(second)})
	m.signIn("bo@x.example")
}
