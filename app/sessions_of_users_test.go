package app_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
)

func visitor(address, client string) people.Visitor {
	return people.Visitor{From: netip.MustParseAddr(address), Client: client}
}

// Whoever manages users sees what lets them in, from where it was used last, and ends it.
func TestAdministratorsSeeAndEndWhatLetsUsersIn(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	uid := m.join("bo@x.example", false, "full")
	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: "bo@x.example", Password: password, From: netip.MustParseAddr("192.0.2.7")})
	require.NoError(t, err)
	bo, err := m.People.SessionCaller(m.ctx, in.Token)
	require.NoError(t, err)
	made, other := m.made(bo), m.made(bo)
	about := m.about(uid)
	seen := func() (string, string) {
		all, err := m.People.SessionsOfUser(m.ctx, m.admin, about)
		require.NoError(t, err)
		require.Len(t, all, 1)
		return all[0].Address, all[0].Client
	}
	address, client := seen()
	require.Equal(t, []string{"192.0.2.7", ""}, []string{address, client})
	m.People.NoteUse(m.ctx, bo, visitor("192.0.2.8", "Firefox on Linux"))
	address, client = seen()
	require.Equal(t, []string{"192.0.2.8", "Firefox on Linux"}, []string{address, client})

	// Once a minute.
	use := func(address string) {
		bo, err = m.People.SessionCaller(m.ctx, in.Token)
		require.NoError(t, err)
		m.People.NoteUse(m.ctx, bo, visitor(address, "curl/8"))
	}
	m.clock.Advance(59 * time.Second)
	use("192.0.2.9")
	address, _ = seen()
	require.Equal(t, "192.0.2.8", address)
	m.clock.Advance(time.Second)
	use("192.0.2.9")
	address, _ = seen()
	require.Equal(t, "192.0.2.9", address)
	ci, err := m.People.TokenCaller(m.ctx, made.Token)
	require.NoError(t, err)
	m.People.NoteUse(m.ctx, ci, visitor("::ffff:198.51.100.4", "sync/1"))
	tokens, err := m.People.TokensOfUser(m.ctx, m.admin, about)
	require.NoError(t, err)
	require.Len(t, tokens, 2)
	for _, one := range tokens {
		if one.ID == made.ID {
			require.Equal(t, []any{m.clock.Now(), "198.51.100.4", "sync/1"}, []any{one.UsedAt, one.Address, one.Client})
			continue
		}
		require.True(t, one.UsedAt.IsZero())
	}

	foreign := &team{world: m.world, account: m.reseller("South Radio")}
	for _, c := range []people.UserCommand{foreign.about(uid), m.about(uuid.New())} {
		_, err = m.People.SessionsOfUser(m.ctx, operator(), c)
		require.ErrorIs(t, err, query.ErrNotFound)
		require.ErrorIs(t, m.People.RevokeTokensOfUser(m.ctx, operator(), c), query.ErrNotFound)
	}
	_, err = m.People.TokensOfUser(m.ctx, bo, about)
	require.ErrorIs(t, err, access.ErrForbidden)

	require.NoError(t, m.People.RevokeTokenOfUser(m.ctx, m.admin, about, made.ID))
	m.ended(made)
	m.lives(other)
	require.NoError(t, m.People.RevokeTokensOfUser(m.ctx, m.admin, about))
	m.ended(other)
	require.NoError(t, m.People.EndSessionOfUser(m.ctx, m.admin, about, bo.Session))
	m.over(in.Token)
	_, second := m.sessionOf("bo@x.example")
	require.NoError(t, m.People.EndSessionsOfUser(m.ctx, m.admin, about))
	m.over(second)
	_, err = m.People.SessionsOfUser(m.ctx, m.admin, about)
	require.NoError(t, err)
	require.ErrorIs(t, m.People.EndSessionOfUser(m.ctx, m.admin, about, m.admin.Session), query.ErrNotFound, "another user's")
}

// A session that is not used for long is over, and its user may end all others.
func TestIdleSessionsAreOver(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	m.people.SessionIdle = 8 * time.Hour
	m.App = m.with(m.log)
	own, used := m.session()
	_, idle := m.session()
	credential := uuid.New()
	operators, err := m.People.SignInAsOperator(m.ctx, access.Caller{Actor: access.OperatorActor, Credential: credential})
	require.NoError(t, err)
	m.clock.Advance(7 * time.Hour)
	caller, err := m.People.SessionCaller(m.ctx, used)
	require.NoError(t, err)
	m.People.NoteUse(m.ctx, caller, visitor("192.0.2.7", "curl/8"))
	m.clock.Advance(time.Hour)
	m.over(idle)
	_, err = m.People.OperatorCaller(m.ctx, operators.Token, operatorWith(t, credential))
	require.ErrorIs(t, err, query.ErrNotFound)
	all, err := m.People.Sessions(m.ctx, own)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, m.clock.Now().Add(4*time.Hour), all[0].ExpiresAt, "12 hours in all")

	_, other := m.session()
	require.NoError(t, m.People.EndSessions(m.ctx, caller, true))
	m.over(other)
	_, err = m.People.SessionCaller(m.ctx, used)
	require.NoError(t, err)
}
