package device_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/domaintest"
)

// The cast of the tests.
var (
	day0 = calendar.On(2026, 11, 23)

	reseller = device.Owner{
		UID: uuid.UUID{1}, Type: account.Reseller, Status: account.Activated, Offers: catalogue.Offers,
	}
	customer = device.Owner{
		UID: uuid.UUID{2}, Type: account.Standard, Status: account.Activated, Offers: catalogue.Offers,
	}
	other = device.Owner{
		UID: uuid.UUID{3}, Type: account.Standard, Status: account.Pending, Offers: catalogue.Offers,
	}
	rv50 = catalogue.Model{
		Name: "RV50", Offers: []catalogue.Offer{catalogue.Basic, catalogue.Complete}, Default: catalogue.Complete, IncludedMonths: 12,
	}
	rx400 = catalogue.Model{
		Name: "RX400", Offers: []catalogue.Offer{catalogue.Complete, catalogue.Premium}, Default: catalogue.Complete, IncludedMonths: 12,
	}
	factor = device.Factor{Kind: device.IMEI, Value: "004401000000015"}

	operator = device.Mover{Actor: domain.Actor{Kind: domain.ActorOperator, ID: "operator"}}
)

func given(t *testing.T, events ...domain.Event) *domaintest.Scenario[device.State] {
	t.Helper()
	return domaintest.Given(t, device.Evolve, events...)
}

type decision = domaintest.Decision[device.State]

func register(owner device.Owner, today calendar.Date, set ...func(*device.Register)) decision {
	c := device.Register{SerialNumber: "LA00000000000001", Factor: factor, Model: rv50, Owner: owner, Today: today, Rules: device.DefaultRules}
	for _, f := range set {
		f(&c)
	}
	return func(s device.State) ([]domain.Event, error) { return device.DecideRegister(s, c) }
}

func transfer(from, to device.Owner, today calendar.Date, set ...func(*device.Transfer)) decision {
	c := device.Transfer{
		ID: uuid.NewSHA1(from.UID, append(to.UID[:], today.String()...)), From: from, To: to, By: operator, Partnered: true,
		Model: rv50, Today: today, Rules: device.DefaultRules,
	}
	for _, f := range set {
		f(&c)
	}
	return func(s device.State) ([]domain.Event, error) { return device.DecideTransfer(s, c) }
}

func order(id byte, today calendar.Date, set ...func(*device.Renew)) decision {
	c := device.Renew{ID: uuid.UUID{100, id}, Today: today, Rules: device.DefaultRules}
	for _, f := range set {
		f(&c)
	}
	return func(s device.State) ([]domain.Event, error) { return device.DecideRenew(s, c) }
}

func term(s string) func(*device.Renew) {
	t, err := calendar.ParseTerm(s)
	if err != nil {
		panic(err)
	}
	return func(r *device.Renew) { r.Term = t }
}

func until(d calendar.Date) func(*device.Renew) { return func(r *device.Renew) { r.Until = d } }

func automatic(today calendar.Date) decision {
	return order(99, today, func(r *device.Renew) { r.Automatic = true })
}

func align(to string, today calendar.Date, selected ...device.Allocation) func(*device.Renew) {
	a, _ := device.ParseAlignment(to)
	return func(r *device.Renew) { r.Align = a.Among(selected, today) }
}

// reverse takes back what order with the id has done.
func reverseRenewal(id, reversal byte) decision {
	return func(s device.State) ([]domain.Event, error) {
		return device.DecideReverseRenewal(s, device.ReverseRenewal{ID: uuid.UUID{102, reversal}, Renewal: uuid.UUID{100, id}})
	}
}

func grant(id byte, today, until calendar.Date) decision {
	return func(s device.State) ([]domain.Event, error) {
		return device.DecideGrant(s, device.Grant{ID: uuid.UUID{101, id}, Until: until, Reason: "goodwill", Today: today})
	}
}

// registered is a device that was registered on day0.
func registered(t *testing.T, owner device.Owner) *domaintest.Scenario[device.State] {
	t.Helper()
	return given(t).When(register(owner, day0)).ThenDone()
}

func on(year int, month time.Month, day int) calendar.Date { return calendar.On(year, month, day) }

func wantEnd(t *testing.T, s device.State, end calendar.Date) {
	t.Helper()
	if s.Service.End != end {
		t.Errorf("service ends on %v, want %v", s.Service.End, end)
	}
}
