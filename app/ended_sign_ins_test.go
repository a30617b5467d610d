package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
)

// made is a personal token of a caller who has signed in.
func (m *team) made(caller access.Caller) people.CreatedToken {
	m.t.Helper()
	made, err := m.People.CreateToken(m.ctx, caller, people.CreateToken{
		Command: newCommand(), Label: "ci", Rights: []string{"devices.read"}, ExpiresAt: m.clock.Now().AddDate(0, 1, 0),
	})
	require.NoError(m.t, err)
	return made
}

// ended says that a personal token lets nobody in.
func (m *team) ended(token people.CreatedToken, why ...any) {
	m.t.Helper()
	_, err := m.People.TokenCaller(m.ctx, token.Token)
	require.ErrorIs(m.t, err, query.ErrNotFound, why...)
}

func (m *team) lives(token people.CreatedToken) {
	m.t.Helper()
	_, err := m.People.TokenCaller(m.ctx, token.Token)
	require.NoError(m.t, err)
}

// ofBefore makes a token one that a version before has made, which did not note what it
// rests on.
func (m *team) ofBefore(token people.CreatedToken) {
	m.t.Helper()
	_, err := m.pool.Exec(m.ctx, `UPDATE ops.personal_tokens SET credential = NULL WHERE id = $1`, token.ID)
	require.NoError(m.t, err)
}

func TestANewPasswordEndsPersonalTokens(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	m.join("bo@x.example", false, "full")
	others := m.made(m.signIn("bo@x.example"))
	before, known := m.made(m.admin), m.made(m.admin)
	m.ofBefore(before)
	own, _ := m.session()
	_, err := m.People.ChangePassword(m.ctx, own, changing(password, newPassword))
	require.NoError(t, err)
	m.ended(before)
	m.ended(known)
	late := m.made(own) // the request came in before the change
	m.ended(late, "it rests on the password of before")
	all, err := m.People.Tokens(m.ctx, own)
	require.NoError(t, err)
	require.Empty(t, all)
	m.lives(others)

	now, err := m.People.SignIn(m.ctx, people.SignIn{Email: m.email, Password: newPassword})
	require.NoError(t, err)
	caller, err := m.People.SessionCaller(m.ctx, now.Token)
	require.NoError(t, err)
	after := m.made(caller)
	m.later()
	m.lives(after)

	m.forgotten(m.email)
	_, err = m.People.ResetPassword(m.ctx, m.Tokens.PasswordReset(now.User, 1), people.ResetPassword{Command: newCommand(), Password: "yet another staple"})
	require.NoError(t, err)
	m.ended(after, "a reset is a new password, too")
}

// Whenever a change of password dies, tokens have ended once it is decided; those of a
// version before are ended by the finisher.
func TestTokensEndThoughAChangeOfPasswordDies(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	for n := 1; ; n++ {
		email := fmt.Sprintf("bo%d@x.example", n)
		m.join(email, false, "full")
		own, _ := m.sessionOf(email)
		known, before := m.made(own), m.made(own)
		m.ofBefore(before)
		m.clock.Advance(time.Minute)
		on := m.dying(n, n%2 == 0)
		_, _ = on.People.ChangePassword(m.ctx, own, changing(password, newPassword))
		if m.opens(email, password) {
			m.lives(known)
			m.lives(before)
			continue
		}
		m.ended(known, "died at %d", n)
		m.later()
		m.ended(before, "died at %d", n)
		if !on.dead {
			break
		}
	}
}

// Whatever step a deactivation dies at, reactivation gives nothing back.
func TestReactivationGivesNothingBack(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	for n := 1; ; n++ {
		email := fmt.Sprintf("bo%d@x.example", n)
		uid := m.join(email, false, "full")
		own, session := m.sessionOf(email)
		known, before := m.made(own), m.made(own)
		m.ofBefore(before)
		on := m.dying(n, n%2 == 0)
		_, _ = on.People.Deactivate(m.ctx, m.admin, m.about(uid))
		if !m.world.account(m.account).KeepsOut(uid) {
			m.lives(known)
			continue
		}
		m.ended(known)
		_, err := m.People.Reactivate(m.ctx, m.admin, m.about(uid))
		require.NoError(t, err)
		m.over(session)
		m.ended(known, "died at %d", n)
		m.ended(before, "died at %d", n)
		again, token := m.sessionOf(email)
		fresh := m.made(again)
		m.later()
		m.lives(fresh)
		_, err = m.People.SessionCaller(m.ctx, token)
		require.NoError(t, err)
		if !on.dead {
			break
		}
	}
}

// A session that began without a second factor ends with the first one, and does not
// come back once there is none any more.
func TestSessionsWithoutAFactorDoNotComeBack(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	uid := m.join("bo@x.example", false, "full")
	_, early := m.sessionOf("bo@x.example")
	own, session := m.sessionOf("bo@x.example")
	factor := m.factor(own)
	m.over(early)
	own, err := m.People.SessionCaller(m.ctx, session)
	require.NoError(t, err, "it rests on the factor that was set up in it")
	_, err = m.People.RemoveFactor(m.ctx, own, factor, newCommand())
	require.NoError(t, err)
	m.over(early)
	m.factor(own)
	_, err = m.People.ResetFactors(m.ctx, m.admin, m.about(uid))
	require.NoError(t, err)
	m.over(early)
	m.over(session)
}

// A calendar ends with the password that it rests on, whenever the change dies; one of a
// version before is ended by the finisher. What is made with the new password goes on.
func TestCalendarsEndWithThePassword(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	opens := func(c people.CreatedCalendar) bool {
		_, _, err := m.People.CalendarCaller(m.ctx, c.Token)
		if err != nil {
			require.ErrorIs(t, err, query.ErrNotFound)
		}
		return err == nil
	}
	for n := 1; ; n++ {
		email := fmt.Sprintf("bo%d@x.example", n)
		m.join(email, false, "full")
		own, _ := m.sessionOf(email)
		known, before := m.calendar(own), m.calendar(own)
		_, err := m.pool.Exec(m.ctx, `UPDATE ops.calendars SET credential = NULL WHERE id = $1`, before.ID)
		require.NoError(t, err)
		m.clock.Advance(time.Minute)
		on := m.dying(n, n%2 == 0)
		_, _ = on.People.ChangePassword(m.ctx, own, changing(password, newPassword))
		if m.opens(email, password) {
			require.True(t, opens(known) && opens(before))
			continue
		}
		require.False(t, opens(known), "died at %d", n)
		late := m.calendar(own) // the request came in before the change
		require.False(t, opens(late))
		m.later()
		require.False(t, opens(before), "died at %d", n)
		in, err := m.People.SignIn(m.ctx, people.SignIn{Email: email, Password: newPassword})
		require.NoError(t, err)
		again, err := m.People.SessionCaller(m.ctx, in.Token)
		require.NoError(t, err)
		all, err := m.People.Calendars(m.ctx, again)
		require.NoError(t, err)
		require.Empty(t, all)
		fresh := m.calendar(again)
		m.later()
		require.True(t, opens(fresh))
		if !on.dead {
			break
		}
	}
}
