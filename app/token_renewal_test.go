package app_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
)

// withSecret is the service with another secret of tokens.
func (w *world) withSecret(secret string) *app.App {
	return w.with(w.log, func(d *app.Dependencies) { d.Secret = []byte(secret) })
}

// madeBefore are tokens of every kind that the service has made.
type madeBefore struct {
	*team
	personal, calendar, audit                       string
	invitation, userInvitation, reset, email, leave string
}

func makeTokens(t *testing.T) madeBefore {
	t.Helper()
	m := newTeam(t)
	made := madeBefore{team: m}
	waits, err := m.Accounts.Create(m.ctx, operator(), accountNamed("Delta Rail", account.Standard))
	require.NoError(t, err)
	made.invitation = m.Tokens.Invitation(waits.UID, 1)
	made.userInvitation = m.Tokens.UserInvitation(m.invite("bo@x.example", true), 1)
	m.join("cy@x.example", true)
	cy := m.signIn("cy@x.example")
	_, made.personal = m.token(cy, people.CreateToken{Rights: []string{"devices.read"}})
	calendar, err := m.People.CreateCalendar(m.ctx, cy, people.CreateCalendar{Command: newCommand(), Label: "phone", Account: m.account})
	require.NoError(t, err)
	made.calendar = calendar.Token
	di := m.join("di@x.example", true)
	require.NoError(t, m.edits(m.signIn("di@x.example"), "", "di@y.example"))
	made.email = m.Tokens.EmailChange(di, 1)
	require.NoError(t, m.People.SendPasswordReset(m.ctx, di, newCommand().ID, ""))
	made.reset, made.leave = m.Tokens.PasswordReset(di, 1), m.Tokens.Unsubscription(di)
	granted, err := m.Audits.Grant(m.ctx, operator(), m.grantFor(m.account))
	require.NoError(t, err)
	made.audit = granted.Token
	return made
}

// works tells which of the tokens are good for something.
func (m madeBefore) works(on *app.App) []string {
	m.t.Helper()
	var good []string
	try := func(name string, err error) {
		if err == nil {
			good = append(good, name)
			return
		}
		require.ErrorIs(m.t, err, query.ErrNotFound, name)
	}
	_, err := on.People.Invitation(m.ctx, m.invitation)
	try("invitation", err)
	_, err = on.People.Invitation(m.ctx, m.userInvitation)
	try("user invitation", err)
	_, err = on.People.PasswordReset(m.ctx, m.reset)
	try("reset", err)
	_, err = on.People.EmailConfirmation(m.ctx, m.email)
	try("email", err)
	_, err = on.People.TokenCaller(m.ctx, m.personal)
	try("personal", err)
	_, _, err = on.People.CalendarCaller(m.ctx, m.calendar)
	try("calendar", err)
	_, err = on.Audits.Caller(m.ctx, m.audit)
	try("audit", err)
	return good
}

// renews has a service do what follows its secret, and gives what was mailed.
func (m madeBefore) renews(on *app.App) []ports.Mail {
	m.t.Helper()
	box := &letterbox{}
	renewal := on.Renewal(box, "https://fleet.example")
	require.NoError(m.t, renewal.HandleBatch(m.ctx, eventlog.Batch{Events: m.everything()}))
	require.NoError(m.t, renewal.EndTokens(m.ctx))
	events := slices.DeleteFunc(m.everything(), func(e eventlog.Recorded) bool { return e.Stream == "account-"+m.account.String() })
	require.NoError(m.t, on.Mailings(box, "https://fleet.example").HandleBatch(m.ctx, eventlog.Batch{Events: events}))
	return box.mails
}

// A new secret ends at once whatever was made with the one before. What waits for its
// token is sent again with a new one, and who has to make a token anew is told.
func TestANewSecretEndsTokensOfTheFormer(t *testing.T) {
	t.Parallel()
	m := makeTokens(t)
	require.Len(t, m.works(m.App), 7)

	next := m.withSecret("another secret")
	require.Empty(t, m.works(next), "before anything was renewed")
	_, err := next.Notices.Unsubscribe(m.ctx, m.leave, newCommand())
	require.ErrorIs(t, err, query.ErrNotFound)

	mails := m.renews(next)
	subjects := map[string][]string{}
	for _, mail := range mails {
		subjects[mail.To] = append(subjects[mail.To], mail.Subject)
	}
	require.Equal(t, []string{"Activate the account “Delta Rail”"}, subjects[accountNamed("Delta Rail", "").Administrator.Email])
	require.Equal(t, []string{"Join the account “North Radio”"}, subjects["bo@x.example"])
	require.Equal(t, []string{"Your tokens and calendars have ended", "A personal API token was made"}, subjects["cy@x.example"], "one mail of both, and that of before")
	require.Contains(t, subjects["di@x.example"], "Choose a new password")
	require.Contains(t, subjects["di@y.example"], "Confirm your e-mail address")
	require.Equal(t, []string{"Your access as an auditor has ended"}, subjects["ada@auditors.example"])
	require.Empty(t, m.works(next))

	// Whatever was sent works, and doing it all again sends no other mail.
	for _, mail := range mails {
		if link := regexp.MustCompile(`https://fleet.example/(activate|reset-password|confirm-email)/(\S+)`).FindStringSubmatch(mail.Body); link != nil {
			_, known := next.Tokens.Named(link[2])
			require.True(t, known, mail.Subject)
		}
	}
	ids := func(mails []ports.Mail) (ids []string) {
		for _, mail := range mails {
			ids = append(ids, mail.ID.String())
		}
		slices.Sort(ids)
		return slices.Compact(ids)
	}
	require.Subset(t, ids(mails), ids(m.renews(next)))
	require.Empty(t, m.works(m.App), "a version before beside this one refuses them too")
}

// Killed after the mail and before the end, the repeat is the same mail; what an
// instance of a version before makes meanwhile is ended too.
func TestRenewalGoesOnWhereItWasKilled(t *testing.T) {
	t.Parallel()
	m := makeTokens(t)
	next := m.withSecret("another secret")
	box := &letterbox{}
	former, err := next.People.FormerTokens(m.ctx)
	require.NoError(t, err)
	require.Len(t, former, 1)
	require.Len(t, former[0].Tokens, 2)
	for range 2 {
		require.NoError(t, next.Renewal(box, "").EndTokens(m.ctx))
	}
	require.Len(t, box.mails, 1)

	cy := m.signIn("cy@x.example")
	_, fresh := m.token(cy, people.CreateToken{Rights: []string{"devices.read"}})
	late := m.invite("ed@x.example", true)
	m.renews(next)
	_, err = next.People.TokenCaller(m.ctx, fresh)
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = next.People.Invitation(m.ctx, next.Tokens.UserInvitation(late, 2))
	require.NoError(t, err, "sent again")
	_, err = m.People.Invitation(m.ctx, next.Tokens.UserInvitation(late, 2))
	require.ErrorIs(t, err, query.ErrNotFound, "by the secret, not by the hash alone")
}

// tokenRows have tokens of a former secret be renewed and ended.
func tokenRows() []row {
	return []row{{name: "follow a new secret", covers: "Renewal.HandleBatch Renewal.EndTokens", begin: func(w *world, round int) func(process) error {
		former := w.withSecret("former secret")
		before := w.end()
		uid := w.fixed("North Radio")
		_, err := former.Accounts.Create(w.ctx, operator(), accountNamed(fmt.Sprintf("Waits %d", round), account.Standard))
		require.NoError(w.t, err)
		_, err = former.People.Invite(w.ctx, administratorOf(uid), people.Invite{
			Command: newCommand(), Account: uid, Email: fmt.Sprintf("waits%d@x.example", round), Administrator: true,
		})
		require.NoError(w.t, err)
		_, err = former.Audits.Grant(w.ctx, operator(), w.grantFor(uid))
		require.NoError(w.t, err)
		m := &team{world: w, account: w.activated(round)}
		made, err := former.People.CreateToken(w.ctx, m.signIn(numbered(round, "").Administrator.Email), people.CreateToken{
			Command: newCommand(), Label: "ci", Profile: "full", ExpiresAt: w.clock.Now().AddDate(0, 1, 0),
		})
		require.NoError(w.t, err)
		events := eventlog.Batch{Events: w.after(before, former.Renewal(nil, "").Prefixes()...)}
		outbox, sent := w.outbox()
		return func(on process) error {
			renewal := on.Renewal(on.mailer(outbox), "http://fleet.example")
			if err := errors.Join(renewal.HandleBatch(w.ctx, events), renewal.EndTokens(w.ctx)); err != nil {
				return err
			}
			require.Len(w.t, sent(), 2, "of the auditor and of the user; invitations are mailed by what follows")
			kept, err := w.people.Store.Tokens(w.ctx, made.User)
			require.Empty(w.t, kept)
			return err
		}
	}}}
}
