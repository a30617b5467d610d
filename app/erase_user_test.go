package app_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// user is a user as the log has it.
func (m *team) user(uid uuid.UUID) user.State {
	m.t.Helper()
	var s user.State
	for e, err := range m.log.ReadStream(m.ctx, user.Aggregate.Stream(uid), 0) {
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
		_, err := m.People.Erase(m.ctx, m.admin, uid, newCommand())
		require.ErrorIs(t, err, access.ErrForbidden, "the operator's only")

		in, err := m.People.SignIn(m.ctx, people.SignIn{Email: email, Password: password})
		require.NoError(t, err)
		done, err := m.People.Erase(m.ctx, operator(), uid, newCommand())
		require.NoError(t, err)
		_, err = m.People.SessionCaller(m.ctx, in.Token)
		require.ErrorIs(t, err, query.ErrNotFound)
		require.NotZero(t, done.Position)
		gone := account.Person{ID: uid}.Erase()
		require.Equal(t, gone, m.user(uid).Person)
		require.True(t, m.keyOf(uid).Erased)
		for _, p := range m.world.account(m.account).Administrators {
			require.NotEqual(t, email, p.Email)
		}
		_, err = m.People.SignIn(m.ctx, people.SignIn{Email: email, Password: password, Address: "192.0.2.1"})
		require.Error(t, err)

		events := len(m.everything())
		_, err = m.People.Erase(m.ctx, operator(), uid, newCommand())
		require.NoError(t, err)
		require.Len(t, m.everything(), events, "erased again")
	}
	require.Equal(t, m.email, m.world.account(m.account).Administrator.Email, "nobody else was forgotten")
}

// unforgetting is a store in a process that dies before it forgets anybody.
type unforgetting struct{ ports.PeopleStore }

func (unforgetting) Forget(context.Context, uuid.UUID) error { return errDead }

// Sessions and tokens of an erased user are of no use from the event on, however
// far the command came, and the finisher does what it left: in the other stream,
// to the address, to what was kept for signing in, to the key.
func TestCrashesOfErasingUsers(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	ctx := m.ctx
	for n := 1; ; n++ {
		require.Less(t, n, 10)
		email := fmt.Sprintf("u%d@north-radio.example", n)
		uid := m.join(email, true)
		in, err := m.People.SignIn(ctx, people.SignIn{Email: email, Password: password})
		require.NoError(t, err)
		caller, err := m.People.SessionCaller(ctx, in.Token)
		require.NoError(t, err)
		token, err := m.People.CreateToken(ctx, caller, people.CreateToken{
			Command: newCommand(), Label: "ci", Profile: "full", ExpiresAt: m.clock.Now().AddDate(0, 1, 0),
		})
		require.NoError(t, err)
		credential := m.user(uid).Credential

		log := mortalLog{m.log, &life{left: n}}
		on := m.with(log, func(d *app.Dependencies) { d.People.Store = unforgetting{d.People.Store} })
		id := newCommand()
		_, err = on.People.Erase(ctx, operator(), uid, id)
		require.ErrorIs(t, err, errDead)
		entered := func() (sessions, tokens bool) {
			_, err := m.People.SessionCaller(ctx, in.Token)
			_, err2 := m.People.TokenCaller(ctx, token.Token)
			return err == nil, err2 == nil
		}
		session, personal := entered()
		require.False(t, session || personal, "died at append %d", n)
		m.later()
		m.invariants()
		session, personal = entered()
		require.False(t, session || personal)
		require.True(t, m.user(uid).Erased)
		require.True(t, m.keyOf(uid).Erased)
		require.Contains(t, m.world.account(m.account).Erased, uid)
		left, err := m.people.Store.Sessions(ctx, uid, time.Time{})
		require.NoError(t, err)
		require.Empty(t, left)
		hash, err := m.people.Store.Credential(ctx, credential)
		require.NoError(t, err)
		require.Empty(t, hash)
		_, err = m.People.Erase(ctx, operator(), uid, id)
		require.NoError(t, err)
		m.join(email, false, "full") // the address is free again
		if !log.life.dead {
			break
		}
	}
}

// The first administrator of an account is named in it and in a stream of their own.
func TestErasingTheFirstAdministratorEndsSessions(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	ada := m.admin.Actor.ID
	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: m.email, Password: password})
	require.NoError(t, err)
	log := mortalLog{m.log, &life{left: 1}} // dies behind the first of the two streams
	_, err = m.with(log).People.Erase(m.ctx, operator(), uuid.MustParse(ada), newCommand())
	require.ErrorIs(t, err, errDead)
	_, err = m.People.SessionCaller(m.ctx, in.Token)
	require.ErrorIs(t, err, query.ErrNotFound)
	m.later()
	require.True(t, m.user(uuid.MustParse(ada)).Erased)
	require.Equal(t, account.Erased, m.world.account(m.account).Administrators[0].Email)
	_, err = m.People.SignIn(m.ctx, people.SignIn{Email: m.email, Password: password})
	refused(t, err, people.CodeSignInFailed)
}

// Nothing is in the way of the finisher when the account no longer names the
// person by the time it comes.
func TestErasedAndRemoved(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	contact, err := m.Accounts.AssignChannelContact(m.ctx, operator(), m.account, newCommand(), account.Contact{Email: "c@vendor.example", Name: "C"})
	require.NoError(t, err)
	_, err = m.People.Erase(m.ctx, operator(), contact.Contact.ID, newCommand())
	require.NoError(t, err)
	_, err = m.Accounts.RemoveChannelContact(m.ctx, operator(), m.account, contact.Contact.ID, newCommand())
	require.NoError(t, err)
	m.later()
	require.True(t, m.keyOf(contact.Contact.ID).Erased)
}
