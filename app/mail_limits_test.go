package app_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/mails"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/domain/user"
)

// limitedTeam is a team whose callers may have so many mails an hour sent.
func limitedTeam(t *testing.T, perRecipient, perAccount int) *team {
	t.Helper()
	m := newTeam(t)
	m.more = func(d *app.Dependencies) {
		d.Mails = access.Mails{Counts: mails.NewCounts(m.pool), PerRecipient: perRecipient, PerAccount: perAccount}
	}
	m.App = m.with(m.log)
	return m
}

// tooMany insists that a command is refused for its mail.
func tooMany(t *testing.T, err error, perAccount bool) time.Duration {
	t.Helper()
	many, ok := errors.AsType[*access.TooManyMails](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, perAccount, many.PerAccount)
	return many.Wait
}

func TestInvitationsToAnAddressAreLimited(t *testing.T) {
	t.Parallel()
	m := limitedTeam(t, 3, 100)
	uid := m.invite("bo@x.example", false, "renewals") // the first
	resend := func(c command.Command) error {
		about := m.about(uid)
		about.Command = c
		_, err := m.People.ResendInvitation(m.ctx, m.admin, about)
		return err
	}
	m.clock.Advance(10 * time.Minute)
	second := newCommand()
	require.NoError(t, resend(second))
	require.NoError(t, resend(second), "the same one")
	require.NoError(t, resend(dryRun()), "nothing is counted for it")
	require.NoError(t, resend(newCommand()))
	require.Equal(t, 50*time.Minute, tooMany(t, resend(newCommand()), false))
	tooMany(t, resend(dryRun()), false)
	require.NoError(t, resend(second), "it was sent")
	m.clock.Advance(50*time.Minute + time.Second)
	require.NoError(t, resend(newCommand()), "the first is an hour ago")
	tooMany(t, resend(newCommand()), false)

	// Whoever asks, and whatever the invitation is to: the address is the same.
	_, err := m.People.RevokeInvitation(m.ctx, m.admin, m.about(uid))
	require.NoError(t, err)
	before := len(m.everything())
	customer := accountNamed("Delta Rail", "")
	customer.Administrator.Email = "Bo@X.example"
	_, err = m.Accounts.CreateCustomer(m.ctx, m.admin, customer)
	tooMany(t, err, false)
	claimed := m.everything()[before:]
	for _, e := range claimed {
		require.Regexp(t, "^reserv(ed|ation)-", e.Stream, "nothing else was appended")
	}
	customer.Administrator.Email = "cy@x.example"
	customer.Command = newCommand()
	created, err := m.Accounts.CreateCustomer(m.ctx, m.admin, customer)
	require.NoError(t, err)
	correct := accounts.CorrectEmail{Command: newCommand(), Account: created.UID, Email: "bo@x.example"}
	_, err = m.Accounts.CorrectEmail(m.ctx, operator(), correct)
	tooMany(t, err, false)
	m.clock.Advance(time.Hour)
	_, err = m.Accounts.CorrectEmail(m.ctx, operator(), correct)
	require.NoError(t, err, "nothing was held")
}

func TestAnAccountsMailsAreLimited(t *testing.T) {
	t.Parallel()
	m := limitedTeam(t, 2, 3)
	for _, email := range []string{"a@x.example", "b@x.example", "c@x.example"} {
		m.invite(email, false, "renewals")
	}
	invite := people.Invite{Command: newCommand(), Account: m.account, Email: "d@x.example", Profiles: []string{"renewals"}}
	_, err := m.People.Invite(m.ctx, m.admin, invite)
	tooMany(t, err, true)
	email := "ada@y.example"
	_, err = m.People.EditSelf(m.ctx, m.admin, people.EditSelf{Command: newCommand(), Email: &email})
	tooMany(t, err, true)
	_, err = m.People.Invite(m.ctx, operatorFor(m.account), invite)
	require.NoError(t, err, "of nobody's account")
}

// Whoever floods somebody with mails to choose a password takes away neither the last of
// them, nor the next once it has run out.
func TestResetsAreLimited(t *testing.T) {
	t.Parallel()
	m := limitedTeam(t, 3, 100)
	uid := uuid.MustParse(m.admin.Actor.ID)
	for range 6 {
		require.NoError(t, m.People.SendPasswordReset(m.ctx, uid, uuid.New(), ""))
		m.clock.Advance(time.Minute)
	}
	usable := func(number int) error {
		_, err := m.People.PasswordReset(m.ctx, m.Tokens.PasswordReset(uid, number))
		return err
	}
	require.NoError(t, usable(4), "the first, which followed none, and three after it")
	require.Error(t, usable(5))
	m.clock.Advance(time.Hour - 2*time.Minute) // the fourth has run out, the second still counts
	require.NoError(t, m.People.SendPasswordReset(m.ctx, uid, uuid.New(), ""))
	require.NoError(t, usable(5))
}

// What follows from the deeds of one account is left out when it is too much, with a note;
// what others do is not, nor what is about one's own security.
func TestNewsIsLeftOutWithANote(t *testing.T) {
	t.Parallel()
	m := limitedTeam(t, 3, 100)
	w := m.world
	customer := w.standard("Delta Rail")
	other := w.reseller("South Radio")
	box := &letterbox{}
	handled := w.after(eventlog.Position{}, "partnership-")
	news := func() {
		t.Helper()
		events := w.after(eventlog.Position{}, "partnership-")[len(handled):]
		handled = append(handled, events...)
		require.NoError(t, w.Mailings(box, "https://fleet.example").HandleBatch(w.ctx, eventlog.Batch{Events: events}))
	}
	for range 3 {
		id, err := w.wants(m.account, customer, "")
		require.NoError(t, err)
		news()
		_, err = w.Partnerships.WithdrawRequest(w.ctx, administratorOf(m.account), id, newCommand())
		require.NoError(t, err)
		news()
	}
	require.Len(t, box.mails, 6)
	for i, mail := range box.mails {
		require.Equal(t, i >= 3, mail.LeftOut != "", "%d: %q", i, mail.LeftOut)
	}
	require.Contains(t, box.mails[3].LeftOut, "no more than 3 mails an hour that the account "+m.account.String()+" causes")
	_, err := w.wants(other, customer, "")
	require.NoError(t, err)
	news()
	require.Empty(t, box.mails[6].LeftOut)

	for i := range 5 {
		uid := uuid.MustParse(m.admin.Actor.ID)
		require.NoError(t, w.Mailings(box, "").HandleBatch(w.ctx, eventlog.Batch{Events: []eventlog.Recorded{{
			ID: uuid.New(), Stream: user.Aggregate.Stream(uid), Event: user.SecondFactorsReset{User: uid},
			Metadata: eventlog.Metadata{Actor: m.admin.Actor, OccurredAt: w.clock.Now()},
		}}}))
		require.Empty(t, box.mails[7+i].LeftOut)
	}
}
