package app_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/securitylog"
	"github.com/fleetledger/fleetledger/domain"
)

// endings is a security log that remembers what ended: what, of which account and user,
// and by whom.
type endings struct {
	securitylog.Discard
	mu  sync.Mutex
	all []ending
}

type ending struct {
	what          string
	account, user uuid.UUID
	by            string
}

func (l *endings) Note(_ context.Context, e ports.SecurityEntry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Kind == ports.SecurityTokenEnded {
		l.all = append(l.all, ending{e.Why, e.Account, e.User, e.Actor.ID})
	}
}

// expect compares what ended since the last time, and forgets it.
func (l *endings) expect(t *testing.T, want ...ending) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.ElementsMatch(t, want, l.all)
	l.all = nil
}

// something is a token and a calendar of a user.
type something struct {
	token    people.CreatedToken
	calendar people.CreatedCalendar
}

// calendar is a calendar of a caller who has signed in.
func (m *team) calendar(caller access.Caller) people.CreatedCalendar {
	m.t.Helper()
	made, err := m.People.CreateCalendar(m.ctx, caller, people.CreateCalendar{Command: newCommand(), Label: "phone", Account: m.account})
	require.NoError(m.t, err)
	return made
}

// Each token and calendar that ends with a password or a deactivation is entered once, with who gave
// cause to it, also where the finisher ends what a dead command has left.
func TestTokensThatEndAreEntered(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	told := &endings{}
	m.more = func(d *app.Dependencies) { d.SecurityLog = told }
	m.App = m.with(m.log)
	uid := m.join("bo@x.example", false, "full")
	// What ends is that of a user and ended by somebody: the user, unless told otherwise.
	ended := func(by access.Caller, made ...something) (all []ending) {
		for _, one := range made {
			all = append(all,
				ending{"personal " + one.token.ID.String(), m.account, uid, by.Actor.ID},
				ending{"calendar " + one.calendar.ID.String(), m.account, uid, by.Actor.ID})
			m.ended(one.token)
			_, _, err := m.People.CalendarCaller(m.ctx, one.calendar.Token)
			require.ErrorIs(t, err, query.ErrNotFound)
		}
		return all
	}
	both := func(caller access.Caller) something { return something{m.made(caller), m.calendar(caller)} }
	bo := access.Caller{Actor: domain.Actor{Kind: domain.ActorUser, ID: uid.String()}}

	own, _ := m.sessionOf("bo@x.example")
	first, second := both(own), both(own)
	_, err := m.People.ChangePassword(m.ctx, own, changing(password, newPassword))
	require.NoError(t, err)
	told.expect(t, ended(bo, first, second)...)
	m.later()
	told.expect(t)

	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: "bo@x.example", Password: newPassword})
	require.NoError(t, err)
	own, err = m.People.SessionCaller(m.ctx, in.Token)
	require.NoError(t, err)
	third := both(own)
	m.forgotten("bo@x.example")
	_, err = m.People.ResetPassword(m.ctx, m.Tokens.PasswordReset(uid, 1), people.ResetPassword{Command: newCommand(), Password: password})
	require.NoError(t, err)
	told.expect(t, ended(bo, third)...)

	own, _ = m.sessionOf("bo@x.example")
	fourth := both(own)
	_, err = m.People.Deactivate(m.ctx, m.admin, m.about(uid))
	require.NoError(t, err)
	told.expect(t, ended(m.admin, fourth)...)

	_, err = m.People.Reactivate(m.ctx, m.admin, m.about(uid))
	require.NoError(t, err)
	own, _ = m.sessionOf("bo@x.example")
	fifth := both(own)
	m.clock.Advance(time.Minute)
	m.dyingAfter("AccessWithdrawn", func(on process) error {
		_, err := on.People.Deactivate(m.ctx, m.admin, m.about(uid))
		return err
	})
	told.expect(t)
	m.later()
	told.expect(t, ended(m.admin, fifth)...)
}
