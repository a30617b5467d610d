package app_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
)

// warn records a warning, as what falls due does.
func (m *team) warn(customer uuid.UUID, until time.Time) eventlog.Recorded {
	m.t.Helper()
	stream := partners(m.account, customer)
	var last eventlog.Recorded
	read := func() {
		for e, err := range m.log.ReadStream(m.ctx, stream, 0) {
			require.NoError(m.t, err)
			last = e
		}
	}
	read()
	warned := partnership.PartnershipEndWarned{Partnership: partnership.UID(m.account, customer), Until: until, DaysBefore: 7}
	_, _, err := m.log.Append(m.ctx, stream, last.Revision, eventlog.NewEvent{ID: uuid.New(), Event: warned, Metadata: eventlog.Metadata{
		SchemaVersion: 1, OccurredAt: m.clock.Now(),
	}})
	require.NoError(m.t, err)
	read()
	return last
}

func TestBothSidesAreMailed(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	second := m.join("bo@x.example", true)
	gone := m.join("cy@x.example", true)
	m.join("no.administrator@x.example", false, "full")
	_, err := m.People.Erase(m.ctx, operator(), gone, newCommand())
	require.NoError(t, err)
	c := accountNamed("Delta Rail", account.Standard)
	created, err := m.Accounts.CreateCustomer(m.ctx, m.admin, c)
	require.NoError(t, err)
	customer := created.UID
	until := time.Date(2026, 6, 1, 22, 30, 0, 0, time.UTC)
	set := func(until time.Time) {
		t.Helper()
		_, err := m.Partnerships.Assign(m.ctx, administratorOf(customer), partnerships.Assign{
			Command: newCommand(), Reseller: m.account, Customer: customer, Until: &until,
		})
		require.NoError(t, err)
	}
	box := &letterbox{}
	mailed := func(e eventlog.Recorded) []string {
		t.Helper()
		box.mails = nil
		mailings := m.Mailings(box, "https://fleet.example")
		require.NoError(t, mailings.HandleBatch(m.ctx, eventlog.Batch{Events: []eventlog.Recorded{e}}))
		var to []string
		for _, mail := range box.mails {
			to = append(to, mail.To)
		}
		slices.Sort(to)
		return to
	}
	set(until)
	warned := m.warn(customer, until)
	require.Equal(t, []string{m.email, "bo@x.example"}, mailed(warned), "nobody has activated the customer's account")
	_, err = m.People.Activate(m.ctx, m.Tokens.Invitation(customer, 1), people.Activate{Command: newCommand(), Name: "Dee", Password: password})
	require.NoError(t, err)
	both := []string{m.email, c.Administrator.Email, "bo@x.example"}
	slices.Sort(both)
	require.Equal(t, both, mailed(warned))
	ids := map[uuid.UUID]bool{}
	for _, mail := range box.mails {
		ids[mail.ID] = true
		require.Equal(t, "The partnership of “North Radio” and “Delta Rail” ends on 2026-06-01 22:30 UTC", mail.Subject)
		require.Contains(t, mail.Body, "https://fleet.example/partners")
		require.NotContains(t, mail.Body, "%!")
	}
	require.Len(t, ids, 3)
	require.Equal(t, both, mailed(warned))
	for _, mail := range box.mails {
		require.True(t, ids[mail.ID], "a repeat is the same mail")
	}
	_, err = m.People.Edit(m.ctx, m.admin, people.Edit{UserCommand: m.about(second), Administrator: no(), Profiles: &[]string{"full"}})
	require.NoError(t, err)
	require.Len(t, mailed(warned), 2)

	// An end that was moved is not warned of any more, the new one is.
	set(until.AddDate(0, 0, 1))
	require.Empty(t, mailed(warned))
	moved := m.warn(customer, until.AddDate(0, 0, 1))
	require.Len(t, mailed(moved), 2)
	box.err = context.DeadlineExceeded
	require.ErrorIs(t, m.Mailings(box, "").HandleBatch(m.ctx, eventlog.Batch{Events: []eventlog.Recorded{moved}}), box.err)
	box.err = nil
	_, err = m.Accounts.Close(m.ctx, operator(), accounts.Close{Command: newCommand(), Account: customer, Confirm: true})
	require.NoError(t, err)
	require.Equal(t, []string{m.email}, mailed(moved), "nobody in a closed account")
	_, err = m.Partnerships.End(m.ctx, operatorFor(customer), m.account, customer, newCommand())
	require.NoError(t, err)
	require.Empty(t, mailed(moved))
}
