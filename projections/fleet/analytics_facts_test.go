package fleet_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// by says who did the last event.
func (h *history) by(account uuid.UUID) {
	h.events[len(h.events)-1].Metadata.Actor = domain.Actor{Kind: domain.ActorToken, ID: "token", Account: account}
}

func TestAnalyticsOfRegistrationsAndTransfers(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	alder, beacon := h.customer("Alder", reseller), h.customer("Beacon", reseller)
	first := h.device("SN1", reseller, day0+9)
	h.by(reseller)
	second := h.device("SN2", alder, day0+9)
	h.by(reseller)
	h.device("SN3", beacon, day0+9)
	h.now = time.Date(2026, 3, 31, 23, 59, 0, 0, time.UTC) // the next one is in April
	h.device("SN4", beacon, day0+9)
	h.by(beacon)

	service := device.Service{Offer: catalogue.Complete, Start: day0, End: day0 + 99, AnchorDay: 1}
	out, back := uuid.UUID{1}, uuid.UUID{2}
	h.add(device.Aggregate.Stream(first), device.Transferred{Device: first, Transfer: out, From: reseller, To: alder, Service: service})
	h.add(device.Aggregate.Stream(second), device.Transferred{Device: second, Transfer: back, From: alder, To: reseller, Service: service})
	h.add(device.Aggregate.Stream(first), device.TransferReversed{
		Device: first, Transfer: out, Reversal: uuid.New(), From: alder, To: reseller, LifeCycle: device.Active, Service: service})
	m.whenProjected(t, h)

	require.Equal(t, []string{
		" |  |  | 2026-03-01 | 1 | 0 | 1",
		beacon.String() + " | Beacon | standard | 2026-04-01 | 1 | 1 | 1",
		reseller.String() + " | Northwind | reseller | 2026-03-01 | 2 | 1 | 2",
	}, m.lines(t, `SELECT * FROM analytics.registrations_by_month ORDER BY partner_name NULLS FIRST`))
	require.Equal(t, []string{
		"SN1 | 2026-04-01 | Northwind | Alder | " + reseller.String() + " | true | true",
		"SN2 | 2026-04-01 | Alder | Northwind | " + reseller.String() + " | false | false",
	}, m.lines(t, `SELECT serial_number, transferred_at, from_name, to_name, reseller_uid, to_customer, reversed_at > transferred_at AND reversed_at IS NOT NULL
		FROM analytics.transfers WHERE reversed_at IS NOT NULL OR uid = $1 ORDER BY 1`, [16]byte(back)))
}

func TestAnalyticsOfActivations(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	reseller := h.account("Northwind", account.Reseller, uuid.Nil)
	quick, left, late := h.customer("Quick", reseller), h.customer("Left", reseller), h.customer("Late", reseller)
	activate := func(uid uuid.UUID) {
		h.add(account.Aggregate.Stream(uid), account.AccountActivated{Account: uid, Administrator: account.Person{ID: uid, Email: "a@b.example"}})
	}
	activate(quick)
	h.add(account.Aggregate.Stream(quick), account.AccountClosed{Account: quick}) // later on
	h.add(account.Aggregate.Stream(left), account.AccountClosed{Account: left})
	h.now = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	activate(reseller)
	h.customer("New", reseller)
	m.whenProjected(t, h)
	funnel := func(at time.Time) []string {
		m.sandboxTime(t, at)
		return m.lines(t, `SELECT month, reseller_name, created, activated, pending, expired, closed, days_to_activate > 30
			FROM analytics.activation_funnel ORDER BY 1, 2 NULLS FIRST`)
	}
	require.Equal(t, []string{
		"2026-03-01 |  | 1 | 1 | 0 | 0 | 0 | true",
		"2026-03-01 | Northwind | 3 | 1 | 0 | 1 | 1 | false",
		"2026-04-01 | Northwind | 1 | 0 | 1 | 0 | 0 | ",
	}, funnel(h.now), "the invitation of %s has run out", late)
	require.Equal(t, "2026-04-01 | Northwind | 1 | 0 | 0 | 1 | 0 | ", funnel(h.now.AddDate(0, 0, 8))[2])
}
