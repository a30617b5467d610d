package app_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

func (w *world) record(by access.Caller, id uuid.UUID) transfers.Record {
	w.t.Helper()
	r, err := w.Transfers.Get(w.ctx, by, id)
	require.NoError(w.t, err)
	return r
}

// told lists what a record says per item, such as "LD1 refused name_taken".
func told(items []transfer.Item) []string {
	all := []string{}
	for _, i := range items {
		s := i.Name + " " + string(i.Outcome)
		for _, c := range codes(i.Problems) {
			s += " " + c
		}
		all = append(all, s)
	}
	return all
}

func TestTransferIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serials := w.registered(reseller, routers(1, 3)...)
	w.clock.Advance(400 * 24 * 3600e9)
	w.renew(serials[0])
	c := transfers.Transfer{
		Command: command.Command{ID: uuid.New(), Reason: "sold"}, From: reseller, To: customer,
		Devices: []string{serials[0], serials[1], "LD99999999999999", "no name at all", serials[0]},
	}
	_, err := w.Transfers.Transfer(w.ctx, administratorOf(reseller), transfers.Transfer{
		Command: c.Command, From: reseller, To: customer, Devices: c.Devices, DryRun: true,
	})
	require.NoError(t, err)
	_, err = w.Transfers.Get(w.ctx, operator(), c.ID)
	require.ErrorIs(t, err, query.ErrNotFound, "a dry run is no transfer")

	_, err = w.Transfers.Transfer(w.ctx, administratorOf(reseller), c)
	require.NoError(t, err)
	_, err = w.Transfers.Transfer(w.ctx, administratorOf(reseller), c)
	require.NoError(t, err, "the same request again")
	w.renew(serials[1]) // later facts do not change the record

	r := w.record(administratorOf(reseller), c.ID)
	require.Equal(t, []string{
		serials[0] + " transferred", serials[1] + " refused service_allocation_missing", "LD99999999999999 refused device_not_found",
		"no name at all refused device_not_found", serials[0] + " refused duplicate_in_request",
	}, told(r.Items))
	require.Equal(t, device.Policy{Name: "eligibility", Version: 2, Included: "full"}, r.Policy)
	require.Equal(t, "2027-03-10", r.Items[1].Problems[0].Facts["includedUntil"])
	require.NotEmpty(t, r.Items[1].Problems[0].Remedies)
	require.Equal(t, w.device(serials[0]).Service, r.Items[0].Resulting.Service)
	require.Equal(t, "sold", r.By.Reason)
	require.Equal(t, administratorOf(reseller).Actor, r.By.Actor)
}

// transferBy insists that all devices are moved, and gives the transfer's id.
func (w *world) transferBy(by access.Caller, from, to uuid.UUID, serials ...string) uuid.UUID {
	w.t.Helper()
	r, err := w.Transfers.Transfer(w.ctx, by, transfers.Transfer{Command: newCommand(), From: from, To: to, Devices: serials})
	require.NoError(w.t, err)
	require.Equal(w.t, len(serials), r.Count(domain.OutcomeTransferred), "%v", outcomes(r))
	return r.ID
}

// The right is needed where a device leaves; into a reseller's account it comes
// by that reseller, or as a return.
func TestWhoTransfers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller, rival := w.reseller("North Radio"), w.reseller("South Radio")
	customer := w.readOnlyCustomer(reseller, "Delta Rail") // which is still pending
	other := w.customer(reseller, "Alder Ambulance")
	w.partner(rival, other)
	w.partner(rival, customer)
	serials := w.registered(reseller, routers(1, 3)...)
	own := w.registered(customer, router(10))
	lent := w.registered(other, router(20))
	ask := func(by access.Caller, from, to uuid.UUID, serials ...string) []string {
		t.Helper()
		r, err := w.Transfers.Transfer(w.ctx, by, transfers.Transfer{Command: newCommand(), From: from, To: to, Devices: serials})
		require.NoError(t, err)
		return outcomes(r)
	}
	transferred, right := []string{"transferred"}, []string{"refused missing_right"}
	require.Equal(t, right, ask(readOnly(reseller), reseller, customer, serials[0]), "without the right at home")
	require.Equal(t, transferred, ask(administratorOf(reseller), reseller, customer, serials[0]), "under the default profile")
	require.Equal(t, right, ask(administratorOf(reseller), customer, reseller, serials[0]), "which lets nothing out")
	require.Equal(t, right, ask(administratorOf(customer), customer, rival, serials[0]), "it did not come from there")
	require.Equal(t, transferred, ask(administratorOf(customer), customer, reseller, serials[0]), "a return")
	require.Equal(t, right, ask(administratorOf(customer), customer, reseller, own[0]), "nor does it lend its own")
	require.Equal(t, transferred, ask(administratorOf(reseller), other, reseller, lent[0]), "by the profile of that customer")
	require.Equal(t, []string{"refused missing_right missing_right"}, ask(readOnly(reseller), other, reseller, w.registered(other, router(21))...))

	acting := administratorOf(reseller)
	acting.ActingFor = other
	for _, by := range []access.Caller{acting, {Actor: operator().Actor, ActingFor: other}} {
		_, err := w.Transfers.Transfer(w.ctx, by, transfers.Transfer{Command: newCommand(), From: reseller, To: customer, Devices: serials[1:2]})
		require.ErrorIs(t, err, query.ErrNotFound, "between others than the account acted for")
		_, err = w.Transfers.Plan(w.ctx, by, transfers.Transfer{Command: newCommand(), From: reseller, To: customer, Devices: serials[1:2]})
		require.ErrorIs(t, err, query.ErrNotFound)
	}
	require.Equal(t, transferred, ask(acting, reseller, other, serials[1]))
	w.later()
	w.invariants()
}

// Both accounts see what was moved; what was refused is seen by those who asked,
// and by those whose device it is.
func TestWhoSeesATransfer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	readable := w.readOnlyCustomer(reseller, "Alder Ambulance")
	serials := w.registered(customer, routers(1, 2)...)
	w.registered(reseller, router(50))
	w.rename(router(50).SerialNumber, "router 2")
	foreign := w.registered(readable, router(60))[0]
	ask := func(by access.Caller, from, to uuid.UUID, devices ...string) uuid.UUID {
		c := transfers.Transfer{Command: command.Command{ID: uuid.New(), Reason: "private"}, From: from, To: to, Devices: devices}
		_, err := w.Transfers.Transfer(w.ctx, by, c)
		require.NoError(t, err)
		return c.ID
	}
	id := ask(administratorOf(reseller), customer, reseller, serials[0], serials[1], foreign)
	moved, taken, elsewhere := serials[0]+" transferred", serials[1]+" refused name_taken", foreign+" refused not_in_source"
	require.Equal(t, []string{moved, taken, elsewhere}, told(w.record(administratorOf(reseller), id).Items))
	require.Equal(t, []string{moved, taken, elsewhere}, told(w.record(readOnly(reseller), id).Items))
	seen := w.record(administratorOf(customer), id)
	require.Equal(t, []string{moved, taken}, told(seen.Items))
	require.Zero(t, seen.By, "nor who asked, and why")
	acting := operator()
	acting.ActingFor = customer
	require.Equal(t, []string{moved, taken}, told(w.record(acting, id).Items), "as the account that is named")

	// The operator asked: the reseller reads both accounts, and still not what is elsewhere.
	id = ask(operator(), customer, reseller, serials[1], foreign)
	require.Equal(t, []string{taken}, told(w.record(administratorOf(reseller), id).Items))
	require.Equal(t, "private", w.record(administratorOf(reseller), id).By.Reason)
	require.Equal(t, []string{taken, elsewhere}, told(w.record(operator(), id).Items))

	for name, c := range map[string]access.Caller{
		"a stranger":               administratorOf(w.reseller("South Radio")),
		"another customer":         administratorOf(readable),
		"without the right":        {Actor: domain.Actor{Kind: domain.ActorToken, ID: "t", Account: customer}},
		"acting for another":       {Actor: administratorOf(reseller).Actor, Administrator: true, ActingFor: readable},
		"the operator for another": {Actor: operator().Actor, ActingFor: readable},
	} {
		_, err := w.Transfers.Get(w.ctx, c, id)
		require.ErrorIs(t, err, query.ErrNotFound, name)
		_, err = w.Transfers.Reverse(w.ctx, c, transfers.Reverse{Command: because(), Transfer: id})
		require.ErrorIs(t, err, query.ErrNotFound, name)
	}
	_, err := w.Transfers.Get(w.ctx, operator(), uuid.New())
	require.ErrorIs(t, err, query.ErrNotFound)
}

// A device of a third account is told only to those who see it there.
func TestTransferOfDevicesElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	seen := w.registered(w.readOnlyCustomer(reseller, "Alder Ambulance"), router(1))[0]
	hidden := w.registered(w.customer(w.reseller("South Radio"), "Redwood Freight"), router(2))[0]
	for by, want := range map[*access.Caller][]string{
		new(administratorOf(reseller)): {"refused not_in_source", "refused device_not_found"},
		new(operator()):                {"refused not_in_source", "refused not_in_source"},
	} {
		r, err := w.Transfers.Transfer(w.ctx, *by, transfers.Transfer{
			Command: newCommand(), From: reseller, To: customer, Devices: []string{seen, hidden},
		})
		require.NoError(t, err)
		require.Equal(t, want, outcomes(r))
	}
}

// A record of many devices takes several events and several requests of one
// operation.
func TestRecordOfManyDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serials := w.registered(customer, routers(1, 130)...)
	id := newCommand()
	for _, part := range [][]string{serials[:70], serials[70:], serials[:70]} {
		_, err := w.Transfers.Transfer(w.ctx, operator(), transfers.Transfer{Command: id, From: customer, To: reseller, Devices: part})
		require.NoError(t, err)
	}
	r := w.record(operator(), id.ID)
	require.Len(t, r.Items, 130)
	counts := map[string]int{}
	for i, item := range r.Items {
		require.Equal(t, serials[i], item.Name)
		counts[fmt.Sprint(item.Outcome, codes(item.Problems))]++
	}
	require.Equal(t, map[string]int{"transferred[]": 20, "refused[device_limit_reached]": 110}, counts)
}

// Wherever the process dies, the record says of each device what is the case,
// and the repeated request completes it.
func TestRecordAfterACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	for n := 1; ; n++ {
		serials := w.registered(customer, routers(10*n, 1)...)
		c := transfers.Transfer{Command: newCommand(), From: customer, To: reseller, Devices: append(serials, "LD99999999999999")}
		on := w.dying(n, n%2 == 0)
		_, err := on.Transfers.Transfer(w.ctx, operator(), c)
		if !on.dead {
			require.NoError(t, err)
			require.Greater(t, n, 4)
			return
		}
		r, err := w.Transfers.Get(w.ctx, operator(), c.ID)
		if err == nil {
			moved := w.device(serials[0]).Account == reseller
			require.Equal(t, moved, r.Items[0].Outcome == transfer.Carried, "died at append %d", n)
		}
		_, err = w.Transfers.Transfer(w.ctx, operator(), c)
		require.NoError(t, err)
		require.Equal(t, []string{serials[0] + " transferred", "LD99999999999999 refused device_not_found"}, told(w.record(operator(), c.ID).Items))
	}
}
