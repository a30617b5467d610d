package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// team is a reseller's account with its first administrator signed in.
type team struct {
	*world
	account uuid.UUID
	email   string // of the first administrator
	admin   access.Caller
}

func newTeam(t testing.TB) *team {
	t.Helper()
	w := newWorldWithPeople(t)
	c := accountNamed("North Radio", account.Reseller)
	created, err := w.Accounts.Create(w.ctx, operator(), c)
	require.NoError(t, err)
	_, err = w.People.Activate(w.ctx, w.Tokens.Invitation(created.UID, 1), people.Activate{Command: newCommand(), Name: "Ada", Password: password})
	require.NoError(t, err)
	m := &team{world: w, account: created.UID, email: c.Administrator.Email}
	m.admin = m.signIn(m.email)
	return m
}

// signIn signs in and gives the caller of the session, for any number of requests:
// without the account, which is as one request has read it.
func (m *team) signIn(email string) access.Caller {
	m.t.Helper()
	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: email, Password: password, Address: "192.0.2.1"})
	require.NoError(m.t, err)
	caller, err := m.People.SessionCaller(m.ctx, in.Token)
	require.NoError(m.t, err)
	return access.Caller{Actor: caller.Actor, Administrator: caller.Administrator, Rights: caller.Rights, Session: caller.Session, Credential: caller.Credential, SignedIn: caller.SignedIn}
}

// invite invites a user, who has not accepted yet.
func (m *team) invite(email string, administrator bool, profiles ...string) uuid.UUID {
	m.t.Helper()
	done, err := m.People.Invite(m.ctx, m.admin, people.Invite{
		Command: newCommand(), Account: m.account, Email: email, Profiles: profiles, Administrator: administrator,
	})
	require.NoError(m.t, err)
	return done.UID
}

// join is invite, and the user has accepted.
func (m *team) join(email string, administrator bool, profiles ...string) uuid.UUID {
	m.t.Helper()
	uid := m.invite(email, administrator, profiles...)
	_, err := m.People.Activate(m.ctx, m.Tokens.UserInvitation(uid, 1), people.Activate{Command: newCommand(), Name: "N " + email, Password: password})
	require.NoError(m.t, err)
	return uid
}

func (m *team) about(person uuid.UUID) people.UserCommand {
	return people.UserCommand{Command: newCommand(), Account: m.account, User: person}
}

func TestTheFirstAdministratorSignsIn(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	require.Equal(t, domain.ActorUser, m.admin.Actor.Kind)
	require.Equal(t, m.account, m.admin.Own())
	require.True(t, m.admin.Administrator)
	require.Equal(t, rights.Administrator(), m.admin.Rights)
	self, err := m.People.Self(m.ctx, m.admin)
	require.NoError(t, err)
	require.Equal(t, "Ada", self.Person.Name)
	require.Equal(t, m.admin.Actor.ID, m.signIn(strings.ToUpper(m.email)).Actor.ID, "in any case of letters")

	for _, e := range m.everything() {
		_, _, data, err := eventlog.Codec.Encode(e.Event)
		require.NoError(t, err)
		require.NotContains(t, string(data), "argon2")
		require.NotContains(t, string(data), password)
	}
}

// Whatever does not fit, the answer is the same, and so is what it takes away
// from the attempts.
func TestWhoDoesNotFitIsToldTheSame(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	pending, gone := "p@x.example", "d@x.example"
	m.invite(pending, true)
	_, err := m.People.Deactivate(m.ctx, m.admin, m.about(m.join(gone, false, "renewals")))
	require.NoError(t, err)
	closed := accountNamed("Closed", account.Standard)
	created, err := m.Accounts.Create(m.ctx, operator(), closed)
	require.NoError(t, err)
	_, err = m.People.Activate(m.ctx, m.Tokens.Invitation(created.UID, 1), people.Activate{Command: newCommand(), Password: password})
	require.NoError(t, err)
	_, err = m.Accounts.Close(m.ctx, operator(), accounts.Close{Command: newCommand(), Account: created.UID, Confirm: true})
	require.NoError(t, err)

	var first error
	for _, c := range []people.SignIn{
		{Email: m.email, Password: "wrong horse battery"},
		{Email: m.email},
		{Email: "nobody@x.example", Password: password},
		{Email: "no address", Password: password},
		{Email: pending, Password: password},
		{Email: gone, Password: password},
		{Email: closed.Administrator.Email, Password: password},
	} {
		_, err := m.People.SignIn(m.ctx, c)
		refused(t, err, people.CodeSignInFailed)
		if first == nil {
			first = err
		}
		require.Equal(t, first, err, c.Email)
	}
}

func TestAttemptsToSignInAreLimited(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	attempt := func(email, password, address string) error {
		_, err := m.People.SignIn(m.ctx, people.SignIn{Email: email, Password: password, Address: address})
		return err
	}
	for _, email := range []string{m.email, "nobody@x.example"} {
		errs := make([]error, 12)
		concurrently(12, func(i int) { errs[i] = attempt(email, "wrong horse battery", fmt.Sprint("198.51.100.", i)) })
		let := 0
		for _, err := range errs {
			var many *people.TooManyAttempts
			if !errors.As(err, &many) {
				refused(t, err, people.CodeSignInFailed)
				let++
				continue
			}
			require.Equal(t, 15*time.Minute, many.Wait)
		}
		require.Equal(t, 5, let, "also when all come at once")
		var many *people.TooManyAttempts
		require.ErrorAs(t, attempt(email, password, "192.0.2.7"), &many, "the right password does not help")
	}
	m.clock.Advance(15 * time.Minute)
	for range 8 {
		require.NoError(t, attempt(m.email, password, "192.0.2.7"), "who gets in is not counted")
	}
	for i := range 20 {
		refused(t, attempt(fmt.Sprintf("n%d@x.example", i), password, "203.0.113.5"), people.CodeSignInFailed)
	}
	var many *people.TooManyAttempts
	require.ErrorAs(t, attempt(m.email, password, "203.0.113.5"), &many, "an address that tries everybody")
	require.NoError(t, attempt(m.email, password, "203.0.113.6"))
}

func TestSessionsAreListedAndEnd(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: m.email, Password: password})
	require.NoError(t, err)
	require.Equal(t, m.clock.Now().Add(12*time.Hour), in.ExpiresAt)
	second, err := m.People.SessionCaller(m.ctx, in.Token)
	require.NoError(t, err)
	all, err := m.People.Sessions(m.ctx, m.admin)
	require.NoError(t, err)
	require.Len(t, all, 2)
	other := m.signIn(func() string { m.join("o@x.example", false, "full"); return "o@x.example" }())
	require.ErrorIs(t, m.People.EndSession(m.ctx, other, second.Session), query.ErrNotFound, "not one's own")
	require.NoError(t, m.People.EndSession(m.ctx, m.admin, second.Session))
	_, err = m.People.SessionCaller(m.ctx, in.Token)
	require.ErrorIs(t, err, query.ErrNotFound)
	require.NoError(t, m.People.EndSession(m.ctx, m.admin, uuid.Nil), "the one in use")
	all, err = m.People.Sessions(m.ctx, m.admin)
	require.NoError(t, err)
	require.Empty(t, all)

	in, err = m.People.SignIn(m.ctx, people.SignIn{Email: m.email, Password: password})
	require.NoError(t, err)
	m.clock.Advance(12 * time.Hour)
	_, err = m.People.SessionCaller(m.ctx, in.Token)
	require.ErrorIs(t, err, query.ErrNotFound, "its time is over")
	_, err = m.People.SessionCaller(m.ctx, "fles_guess")
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = m.People.Sessions(m.ctx, administratorOf(m.account))
	refused(t, err, people.CodeSessionRequired)
}

func TestPasswordsAreChecked(t *testing.T) {
	t.Parallel()
	w := newWorldWithPeople(t)
	c := accountNamed("North Radio", account.Reseller)
	c.Administrator.Name = "Ada Lovelace-King"
	created, err := w.Accounts.Create(w.ctx, operator(), c)
	require.NoError(t, err)
	token := w.Tokens.Invitation(created.UID, 1)
	for bad, code := range map[string]string{
		"":                                     user.CodePasswordTooShort,
		"elevenchars":                          user.CodePasswordTooShort,
		strings.Repeat("x1y2", 65):             user.CodePasswordTooLong,
		"aaaaaaaaaaaaaaaa":                     user.CodePasswordGuessable,
		"ADA lovelace-king":                    user.CodePasswordGuessable,
		strings.ToUpper(c.Administrator.Email): user.CodePasswordGuessable,
	} {
		_, err := w.People.Activate(w.ctx, token, people.Activate{Command: newCommand(), Password: bad})
		refused(t, err, code)
	}
	_, err = w.People.Activate(w.ctx, token, people.Activate{Command: newCommand(), Name: "\x00", Password: "short"})
	refused(t, err, account.CodeNameInvalid, user.CodePasswordTooShort)
}

// Of two who hold the token at once the one who is told so gets in, with the
// password that one chose.
func TestTwoActivateAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorldWithPeople(t)
	c := accountNamed("North Radio", account.Reseller)
	created, err := w.Accounts.Create(w.ctx, operator(), c)
	require.NoError(t, err)
	token := w.Tokens.Invitation(created.UID, 1)
	errs := make([]error, 4)
	concurrently(4, func(i int) {
		_, errs[i] = w.People.Activate(w.ctx, token, people.Activate{Command: newCommand(), Password: fmt.Sprint(password, i)})
	})
	winners := 0
	for i, err := range errs {
		_, signIn := w.People.SignIn(w.ctx, people.SignIn{Email: c.Administrator.Email, Password: fmt.Sprint(password, i)})
		if err == nil {
			winners++
			require.NoError(t, signIn)
			continue
		}
		refused(t, err, account.CodeAlreadyActive)
		refused(t, signIn, people.CodeSignInFailed)
	}
	require.Equal(t, 1, winners)
}

// What an account asks of its users goes before what the platform does.
func TestAnAccountAsksForMoreOfItsUsers(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	minutes, length := 30, 24
	_, err := m.Accounts.Secure(m.ctx, m.admin, accounts.Secure{
		Command: newCommand(), Account: m.account, Options: account.Secure{SessionMinutes: &minutes, PasswordLength: &length},
	})
	require.NoError(t, err)
	in, err := m.People.SignIn(m.ctx, people.SignIn{Email: m.email, Password: password, Address: "192.0.2.1"})
	require.NoError(t, err)
	require.Equal(t, 30*time.Minute, in.ExpiresAt.Sub(in.CreatedAt))

	token := m.Tokens.UserInvitation(m.invite("grace@x.example", false, rights.ReadOnly), 1)
	shown, err := m.People.Invitation(m.ctx, token)
	require.NoError(t, err)
	require.Equal(t, length, shown.PasswordMinimum)
	_, err = m.People.Activate(m.ctx, token, people.Activate{Command: newCommand(), Password: "twenty-three characters"})
	refused(t, err, user.CodePasswordTooShort)
	_, err = m.People.Activate(m.ctx, token, people.Activate{Command: newCommand(), Password: "twenty-four characters, "})
	require.NoError(t, err)
}
