package app_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/user"
)

func (m *team) edits(caller access.Caller, name, email string) error {
	m.t.Helper()
	c := people.EditSelf{Command: newCommand()}
	if name != "" {
		c.Name = &name
	}
	if email != "" {
		c.Email = &email
	}
	_, err := m.People.EditSelf(m.ctx, caller, c)
	return err
}

func (m *team) confirms(token string) error {
	m.t.Helper()
	_, err := m.People.ConfirmEmail(m.ctx, token, newCommand())
	return err
}

// free reports whether nobody has an address.
func (m *team) free(email string) bool {
	m.t.Helper()
	var s reservation.State
	for e, err := range m.log.ReadStream(m.ctx, reservation.Unique(reservation.Email, email).Stream, 0) {
		require.NoError(m.t, err)
		s = reservation.Evolve(s, e.Event, int64(e.Revision))
	}
	return len(s.Holders) == 0
}

// addressMails are the mails that requests for an address give cause to now.
func (m *team) addressMails() []ports.Mail {
	m.t.Helper()
	box := &letterbox{}
	events := slices.DeleteFunc(m.everything(), func(e eventlog.Recorded) bool {
		return e.Event.EventType() != user.EmailChangeRequested{}.EventType()
	})
	require.NoError(m.t, m.Mailings(box, "https://fleet.example").HandleBatch(m.ctx, eventlog.Batch{Events: events}))
	return box.mails
}

func TestPeopleChangeNameAndAddress(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	bo := m.join("bo@x.example", true)
	caller, session := m.sessionOf("bo@x.example")
	require.NoError(t, m.edits(caller, " Bo Brown ", "Bo.Brown@y.example"))
	require.Equal(t, account.Person{ID: bo, Name: "Bo Brown", Email: "bo@x.example"}, m.user(bo).Person)
	require.Contains(t, m.world.account(m.account).Administrators, m.user(bo).Person)
	self, err := m.People.Self(m.ctx, caller)
	require.NoError(t, err)
	require.Equal(t, people.Self{Person: m.user(bo).Person, Pending: people.PendingEmail{Email: "Bo.Brown@y.example", Expires: m.clock.Now().Add(24 * time.Hour)}}, self)

	// Until it is confirmed the old address counts, and the new one is nobody else's.
	require.True(t, m.opens("bo@x.example", password))
	require.False(t, m.opens("bo.brown@y.example", password))
	require.Equal(t, uuid.Nil, m.forgotten("bo.brown@y.example").user)
	_, err = m.People.Invite(m.ctx, m.admin, people.Invite{Command: newCommand(), Account: m.account, Email: "BO.brown@y.example", Administrator: true})
	refused(t, err, account.CodeEmailTaken)
	m.forgotten("bo@x.example")

	mails := m.addressMails()
	require.Len(t, mails, 2)
	token := m.Tokens.EmailChange(bo, 1)
	require.Equal(t, "bo@x.example", mails[0].To)
	require.Contains(t, mails[0].Body, "Bo.Brown@y.example")
	require.NotContains(t, mails[0].Body, token)
	require.Equal(t, "Bo.Brown@y.example", mails[1].To)
	require.Contains(t, mails[1].Body, "https://fleet.example/confirm-email/"+token)
	require.NotEqual(t, mails[0].ID, mails[1].ID)

	shown, err := m.People.EmailConfirmation(m.ctx, token)
	require.NoError(t, err)
	require.Equal(t, people.EmailConfirmation{Email: "Bo.Brown@y.example", Expires: self.Pending.Expires}, shown)
	for _, wrong := range []string{"", "guess", m.Tokens.EmailChange(bo, 2), m.Tokens.PasswordReset(bo, 1), m.Tokens.EmailChange(uuid.New(), 1)} {
		require.ErrorIs(t, m.confirms(wrong), query.ErrNotFound)
	}
	dry := newCommand()
	dry.DryRun = true
	_, err = m.People.ConfirmEmail(m.ctx, token, dry)
	require.NoError(t, err)
	require.NoError(t, m.confirms(token))
	require.ErrorIs(t, m.confirms(token), query.ErrNotFound, "once")
	require.Contains(t, m.world.account(m.account).Administrators, account.Person{ID: bo, Name: "Bo Brown", Email: "Bo.Brown@y.example"})
	require.True(t, m.free("bo@x.example"))
	require.True(t, m.opens("bo.brown@y.example", password))
	require.False(t, m.opens("bo@x.example", password))
	require.Equal(t, bo, m.forgotten("bo.brown@y.example").user)
	_, err = m.People.PasswordReset(m.ctx, m.Tokens.PasswordReset(bo, 1))
	require.ErrorIs(t, err, query.ErrNotFound, "it went to the old address")
	_, err = m.People.SessionCaller(m.ctx, session)
	require.NoError(t, err, "sessions go on")
	require.Len(t, m.addressMails(), 1, "nothing left to confirm")
	m.later()
	m.invariants()
}

func TestRequestsForAnAddress(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	bo := m.join("bo@x.example", false, "full")
	caller, _ := m.sessionOf("bo@x.example")
	personal, err := m.People.CreateToken(m.ctx, caller, people.CreateToken{
		Command: newCommand(), Label: "ci", Profile: "full", ExpiresAt: m.clock.Now().AddDate(0, 1, 0),
	})
	require.NoError(t, err)
	ci, err := m.People.TokenCaller(m.ctx, personal.Token)
	require.NoError(t, err)
	for _, c := range []access.Caller{ci, administratorOf(m.account), operator()} {
		refused(t, m.edits(c, "Eve", "eve@x.example"), people.CodeSessionRequired)
	}
	refused(t, m.edits(caller, "\x00", "nobody"), account.CodeNameInvalid, account.CodeEmailInvalid)
	refused(t, m.edits(caller, "", m.email), account.CodeEmailTaken)
	events := len(m.everything())
	require.NoError(t, m.edits(caller, "N bo@x.example", "BO@x.example"), "as it is")
	require.Len(t, m.everything(), events)

	require.NoError(t, m.edits(caller, "", "one@x.example"))
	require.NoError(t, m.edits(caller, "", "two@x.example"))
	require.True(t, m.free("one@x.example"))
	require.ErrorIs(t, m.confirms(m.Tokens.EmailChange(bo, 1)), query.ErrNotFound, "replaced")
	require.NoError(t, m.edits(caller, "", "two@x.example"))
	require.ErrorIs(t, m.confirms(m.Tokens.EmailChange(bo, 2)), query.ErrNotFound, "sent again, the link is another")
	require.Len(t, m.addressMails(), 4, "three notices and the last link")
	var many *people.TooManyAttempts
	require.ErrorAs(t, m.edits(caller, "", "three@x.example"), &many)
	require.NoError(t, m.edits(caller, "Bo", ""), "a name is no attempt")

	// What was asked for with a stolen session ends with the password.
	_, err = m.People.ChangePassword(m.ctx, caller, changing(password, newPassword))
	require.NoError(t, err)
	require.ErrorIs(t, m.confirms(m.Tokens.EmailChange(bo, 3)), query.ErrNotFound)
	require.True(t, m.free("two@x.example"))
	require.Len(t, m.addressMails(), 3)

	m.clock.Advance(15 * time.Minute)
	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: "bo@x.example", Password: newPassword})
	require.NoError(t, err)
	caller, err = m.People.SessionCaller(m.ctx, in.Token)
	require.NoError(t, err)
	require.NoError(t, m.edits(caller, "", "four@x.example"))
	m.clock.Advance(24 * time.Hour)
	shown, err := m.People.EmailConfirmation(m.ctx, m.Tokens.EmailChange(bo, 4))
	require.NoError(t, err)
	require.True(t, shown.Expired)
	refused(t, m.confirms(m.Tokens.EmailChange(bo, 4)), user.CodeEmailChangeExpired)
	m.clock.Advance(-24 * time.Hour)
	_, err = m.People.Deactivate(m.ctx, m.admin, m.about(bo))
	require.NoError(t, err)
	require.ErrorIs(t, m.confirms(m.Tokens.EmailChange(bo, 4)), query.ErrNotFound)
	m.later()
	m.invariants()
}

// The first administrator's address is the account's; another one is the user's,
// and the account's is free for others.
func TestTheFirstAdministratorChangesTheAddress(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	caller, _ := m.session()
	uid := uuid.MustParse(caller.Actor.ID)
	require.NoError(t, m.edits(caller, "", "two@x.example"))
	require.NoError(t, m.confirms(m.Tokens.EmailChange(uid, 1)))
	require.True(t, m.opens("two@x.example", password))
	require.False(t, m.opens(m.email, password))
	bo := m.join(m.email, false, "full")
	require.Equal(t, bo.String(), m.signIn(m.email).Actor.ID)
	require.NoError(t, m.edits(caller, "", "three@x.example"))
	require.NoError(t, m.confirms(m.Tokens.EmailChange(uid, 2)))
	require.True(t, m.free("two@x.example"))
	m.later()
	m.invariants()
	_, err := m.People.Erase(m.ctx, operator(), uid, newCommand())
	require.NoError(t, err)
	require.True(t, m.free("three@x.example"))
	m.later()
	m.invariants()
}

// An erasure on the heels of a command that died leaves no address taken: nothing
// can be read of the addresses by then.
func TestErasedBeforeAnAddressWasReleased(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	for _, to := range []struct {
		what string
		dies func(on *app.App, caller access.Caller, uid uuid.UUID) error
	}{
		{"another request", func(on *app.App, caller access.Caller, _ uuid.UUID) error {
			email := uuid.NewString() + "@z.example"
			_, err := on.People.EditSelf(m.ctx, caller, people.EditSelf{Command: newCommand(), Email: &email})
			return err
		}},
		{"a confirmation", func(on *app.App, _ access.Caller, uid uuid.UUID) error {
			_, err := on.People.ConfirmEmail(m.ctx, m.Tokens.EmailChange(uid, 1), newCommand())
			return err
		}},
	} {
		for n := 1; ; n++ {
			email, wanted := uuid.NewString()+"@x.example", uuid.NewString()+"@y.example"
			uid := m.join(email, false, "full")
			m.later()
			caller, _ := m.sessionOf(email)
			require.NoError(t, m.edits(caller, "", wanted))
			on := m.dying(n, false)
			err := to.dies(on.App, caller, uid)
			if !on.dead {
				require.NoError(t, err)
				require.Greater(t, n, 1)
				break
			}
			_, err = m.People.Erase(m.ctx, operator(), uid, command.Command{ID: uuid.New()})
			require.NoError(t, err)
			m.later()
			require.True(t, m.free(email), "%s, step %d", to.what, n)
			require.True(t, m.free(wanted), "%s, step %d", to.what, n)
			m.invariants()
		}
	}
}

// Of two who want an address one gets it, and of two who hold the link one confirms.
func TestAddressesAtOnce(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	var callers []access.Caller
	for _, email := range []string{"a@x.example", "b@x.example", "c@x.example"} {
		m.join(email, false, "full")
		callers = append(callers, m.signIn(email))
	}
	errs := make([]error, len(callers))
	concurrently(len(callers), func(i int) { errs[i] = m.edits(callers[i], "", "wanted@x.example") })
	winner := slices.Index(errs, nil)
	require.GreaterOrEqual(t, winner, 0)
	for i, err := range errs {
		if i != winner {
			refused(t, err, account.CodeEmailTaken)
		}
	}
	token := m.Tokens.EmailChange(uuid.MustParse(callers[winner].Actor.ID), 1)
	concurrently(len(errs), func(i int) { errs[i] = m.confirms(token) })
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if !errors.Is(err, query.ErrNotFound) {
			refused(t, err, user.CodeEmailChangeUnknown)
		}
	}
	require.Equal(t, 1, done)
	m.later()
	m.invariants()
}

// A request runs out by itself, once, and frees the address.
func TestRequestsForAnAddressRunOut(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	w.people = newPeople(w.pool, plainPasswords{})
	w.App = w.with(w.log)
	m := &team{world: w.world, account: w.activated(1)}
	email := numbered(1, "").Administrator.Email
	caller := m.signIn(email)
	uid := uuid.MustParse(caller.Actor.ID)
	stream := user.Aggregate.Stream(uid)
	ends := w.clock.Now().Add(24 * time.Hour)
	require.NoError(t, m.edits(caller, "Ada L.", "new@x.example"))
	require.NoError(t, m.edits(caller, "Ada M.", ""), "the read model still knows of the request")
	w.run(ends.Add(-time.Second))
	what, _ := w.told(stream)
	require.Empty(t, what)
	w.run(ends)
	what, _ = w.told(stream)
	require.Equal(t, []string{"email change 1"}, what)
	require.ErrorIs(t, m.confirms(m.Tokens.EmailChange(uid, 1)), query.ErrNotFound)
	m.later()
	require.True(t, m.free("new@x.example"))
	m.invariants()

	caller = m.signIn(email) // the session has run out
	require.NoError(t, m.edits(caller, "", "new@x.example"))
	require.NoError(t, m.confirms(m.Tokens.EmailChange(uid, 2)))
	w.visible()
	found, err := w.People.List(t.Context(), operator(), query.UserQuery{Account: m.account, Page: query.Page{Limit: 9}})
	require.NoError(t, err)
	require.Equal(t, account.Person{ID: uid, Name: "Ada M.", Email: "new@x.example"}, found.Items[0].Person)
	row, _, err := w.Accounts.Get(t.Context(), operator(), m.account, query.Freshness{})
	require.NoError(t, err)
	require.Equal(t, []account.Person{found.Items[0].Person}, row.Administrators)
	w.run(ends.AddDate(0, 1, 0))
	what, _ = w.told(stream)
	require.Len(t, what, 1)
}
