package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/release"
)

// Whoever has a device is mailed that somebody asks for it, whoever asked what the
// answer is; neither is told the other's name.
func TestReleaseRequestsAreMailed(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	c := accountNamed("Delta Rail", account.Reseller)
	created, err := m.Accounts.Create(m.ctx, operator(), c)
	require.NoError(t, err)
	_, err = m.People.Activate(m.ctx, m.Tokens.Invitation(created.UID, 1), people.Activate{Command: newCommand(), Name: "Dee", Password: password})
	require.NoError(t, err)
	m.registered(m.account, routers(1, 3)...)
	buyer := administratorOf(created.UID)
	first, second := m.asks(buyer, 1), m.asks(buyer, 2)
	box := &letterbox{}
	mailed := func() []ports.Mail {
		t.Helper()
		box.mails = nil
		l, err := eventlog.Load(m.ctx, m.log, release.Aggregate, m.account)
		require.NoError(t, err)
		require.NoError(t, m.Mailings(box, "https://fleet.example").HandleBatch(m.ctx, eventlog.Batch{Events: l.Events}))
		for _, mail := range box.mails {
			require.NotContains(t, mail.Body, "%!")
			require.Contains(t, mail.Body, "https://fleet.example/")
		}
		return box.mails
	}
	told := func(mails []ports.Mail) (all []string) {
		for _, mail := range mails {
			all = append(all, mail.To+": "+mail.Subject)
		}
		return all
	}
	one, two := router(1).SerialNumber, router(2).SerialNumber
	asked := mailed()
	require.Equal(t, []string{m.email + ": Somebody asks for the device " + one, m.email + ": Somebody asks for the device " + two}, told(asked))
	require.Contains(t, asked[0].Body, "Reason: bought it")
	require.NotContains(t, asked[0].Body, "Delta Rail")
	require.Equal(t, asked, mailed(), "a repeat is the same mail")

	for id, grant := range map[release.Request]bool{first.Request: true, second.Request: false} {
		_, err := m.Devices.AnswerRelease(m.ctx, m.admin, id.Request, grant, newCommand())
		require.NoError(t, err)
	}
	to := c.Administrator.Email + ": The request for the device "
	answered := mailed()
	require.ElementsMatch(t, []string{to + one + " is granted", to + two + " is denied"}, told(answered), "what was answered is not asked for any more")
	for _, mail := range answered {
		require.NotContains(t, mail.Body, m.account.String())
	}
	m.later()
	m.invariants()
}
