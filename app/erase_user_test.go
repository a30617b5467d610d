package app_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// user is a user as the log has it.
func (m *team) user(uid uuid.UUID) user.State {
	m.t.Helper()
	var s user.State
	for e, err := range m.log.ReadStream(m.ctx, app.UserStream(uid), 0) {
		require.NoError(m.t, err)
		s = user.Evolve(s, e.Event)
	}
	return s
}

// A user is forgotten wherever the log names one: in the own stream, and in the
// account's as one of its administrators.
func TestEraseUser(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	for email, administrator := range map[string]bool{"ben@north-radio.example": false, "cleo@north-radio.example": true} {
		uid := m.join(email, administrator, "read-only")
		require.Equal(t, email, m.user(uid).Person.Email)
		_, err := m.ErasePerson(m.ctx, m.admin, uid, command())
		require.ErrorIs(t, err, app.ErrForbidden, "the operator's only")

		done, err := m.ErasePerson(m.ctx, operator(), uid, command())
		require.NoError(t, err)
		require.NotZero(t, done.Position)
		gone := account.Person{ID: uid}.Erase()
		require.Equal(t, gone, m.user(uid).Person)
		require.True(t, m.keyOf(uid).Erased)
		for _, p := range m.world.account(m.account).Administrators {
			require.NotEqual(t, email, p.Email)
		}
		_, err = m.SignIn(m.ctx, app.SignIn{Email: email, Password: password, Address: "192.0.2.1"})
		require.Error(t, err)

		events := len(m.everything())
		_, err = m.ErasePerson(m.ctx, operator(), uid, command())
		require.NoError(t, err)
		require.Len(t, m.everything(), events, "erased again")
	}
	require.Equal(t, m.email, m.world.account(m.account).Administrator.Email, "nobody else was forgotten")
}
