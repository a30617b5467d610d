package transfers_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/command/commandtest"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// desk is a reseller and its customer, with the use cases of transfers.
type desk struct {
	*commandtest.Fleet
	*transfers.Service
	t                  *testing.T
	reseller, customer uuid.UUID
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{Fleet: commandtest.New(t), t: t}
	d.reseller = d.Reseller("north")
	d.customer = d.Customer("delta", d.reseller, "full")
	d.Service = d.instance()
	return d
}

// instance is the use cases on an instance of the service of its own.
func (d *desk) instance() *transfers.Service {
	x := &command.Executor{Log: d.Log, Clock: d.Executor.Clock, Limits: d.Executor.Limits, Logger: d.Executor.Logger}
	return transfers.New(x, &access.Control{Log: d.Log, Clock: x.Clock}, catalogue.Default(), device.DefaultRules, transfers.DefaultPlanLife)
}

func administratorOf(uid uuid.UUID) access.Caller {
	return access.Caller{Actor: domain.Actor{Kind: domain.ActorToken, ID: "token", Account: uid}, Administrator: true}
}

func operator() access.Caller { return access.Caller{Actor: commandtest.Operator} }

func (d *desk) transfer(by access.Caller, c transfers.Transfer) []string {
	d.t.Helper()
	r, err := d.Transfer(d.t.Context(), by, c)
	require.NoError(d.t, err)
	return outcomes(r)
}

// outcomes lists outcome and codes per item, such as "refused name_taken".
func outcomes(r command.BulkResult) []string {
	var all []string
	for _, item := range r.Results {
		said := []string{string(item.Outcome)}
		for _, p := range item.Problems {
			said = append(said, p.Code)
		}
		all = append(all, strings.Join(said, " "))
	}
	return all
}

// kinds are what the streams are about, in order, such as "reservation-places".
func kinds(streams []string) []string {
	var all []string
	for _, s := range streams {
		parts := strings.SplitN(s, "-", 3)
		if parts[0] != "reservation" {
			parts[1] = "" // a uid
		}
		all = append(all, strings.TrimSuffix(strings.Join(parts[:2], "-"), "-"))
	}
	slices.Sort(all)
	return all
}

// What a transfer costs: each account, the partnership and the device once.
func TestReadsAndAppendsOfATransfer(t *testing.T) {
	t.Parallel()
	reads := []string{
		"account", "account", "device", "partnership",
		"reservation-devicename", "reservation-places", // the name and the place that are left
	}
	appends := []string{
		"device",
		"reservation-devicename", "reservation-devicename", "reservation-places", // one name is claimed, one is freed
		"transfer", "transfer", // what was asked for, and what became of it
	}
	for name, c := range map[string]struct {
		by             func(*desk) access.Caller
		atomic         bool
		reads, appends []string
	}{
		"by the reseller": {by: func(d *desk) access.Caller { return administratorOf(d.reseller) }, reads: reads, appends: appends},
		"by the operator": {by: func(*desk) access.Caller { return operator() }, reads: reads, appends: appends},
		"all or nothing": {
			by: func(d *desk) access.Caller { return administratorOf(d.reseller) }, atomic: true,
			reads:   append([]string{"batch", "reservation-devicename"}, reads...),     // an earlier attempt, and whether the name is free
			appends: append([]string{"batch", "batch", "batch", "device"}, appends...), // and the hold
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			serial := d.Device(1, d.reseller)
			d.Log.Count()
			require.Equal(t, []string{"transferred"}, d.transfer(c.by(d), transfers.Transfer{
				From: d.reseller, To: d.customer, Devices: []string{serial}, Atomic: c.atomic,
			}))
			require.ElementsMatch(t, c.reads, kinds(d.Log.Reads()))
			require.ElementsMatch(t, c.appends, kinds(d.Log.Appends()))
			require.Equal(t, d.customer, d.Find(serial).Account)
		})
	}
}

func TestReadsAndAppendsOfAReversal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	serial, by := d.Device(1, d.reseller), administratorOf(d.reseller)
	id := uuid.New()
	d.transfer(by, transfers.Transfer{Command: command.Command{ID: id}, From: d.reseller, To: d.customer, Devices: []string{serial}})
	d.Log.Count()
	r, err := d.Reverse(t.Context(), by, transfers.Reverse{Command: command.Command{Reason: "by mistake"}, Transfer: id})
	require.NoError(t, err)
	require.Equal(t, []string{"transferred"}, outcomes(r))
	require.ElementsMatch(t, []string{
		"transfer", "account", "device", "partnership",
		"reservation-places",     // to claim one
		"reservation-devicename", // the one that is left
		"reservation-devicename", // the one that is claimed, since it has been in use before
	}, kinds(d.Log.Reads()))
	require.ElementsMatch(t, []string{
		"device", "reservation-places", "transfer", "transfer",
		"reservation-devicename", "reservation-devicename", "reservation-devicename", // one in vain, as if the name were new
	}, kinds(d.Log.Appends()))
	record, err := d.Get(t.Context(), by, id)
	require.NoError(t, err)
	require.Equal(t, record.Reversals[0].UID, record.Items[0].Reversal)
	require.Equal(t, "by mistake", record.Reversals[0].By.Reason)
}

// A device of a third account is told only to those who see it there.
func TestDevicesOfOtherAccounts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	seen := d.Device(1, d.Customer("alder", d.reseller, "read-only"))
	hidden := d.Device(2, d.Customer("birch", d.Reseller("south"), "full"))
	for by, want := range map[*access.Caller][]string{
		new(administratorOf(d.reseller)): {"refused not_in_source", "refused device_not_found"},
		new(operator()):                  {"refused not_in_source", "refused not_in_source"},
	} {
		require.Equal(t, want, d.transfer(*by, transfers.Transfer{From: d.reseller, To: d.customer, Devices: []string{seen, hidden}}))
	}
}

// A device that moves during the request is decided on anew; what the caller may
// do in its new account was not asked.
func TestDeviceMovesMeanwhile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	serial := d.Device(1, d.reseller)
	elsewhere := d.Customer("alder", d.reseller, "full")
	moved := false
	d.Log.BeforeAppend(func(stream string) {
		if stream == device.Aggregate.Stream(device.UID(serial)) && !moved {
			moved = true
			r, err := d.instance().Transfer(t.Context(), operator(), transfers.Transfer{From: d.reseller, To: elsewhere, Devices: []string{serial}})
			require.NoError(t, err)
			require.Equal(t, []string{"transferred"}, outcomes(r))
		}
	})
	require.Equal(t, []string{"refused device_busy"},
		d.transfer(administratorOf(d.reseller), transfers.Transfer{From: d.reseller, To: d.customer, Devices: []string{serial}}))
	require.Equal(t, elsewhere, d.Find(serial).Account)
}

// What a plan promises is done or refused: a refusal for the planned reasons is
// no change, any other outcome is.
func TestTransferKeepsToItsPlan(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	by := administratorOf(d.reseller)
	moves, sold := d.Device(1, d.reseller), d.Device(2, d.reseller)
	p, err := d.Plan(t.Context(), by, transfers.Transfer{From: d.reseller, To: d.customer, Devices: []string{moves, sold, "LD99999999999999", moves}})
	require.NoError(t, err)
	other := d.Customer("alder", d.reseller, "full")
	require.Equal(t, []string{"transferred"}, d.transfer(by, transfers.Transfer{From: d.reseller, To: other, Devices: []string{sold}}))
	require.Equal(t, []string{
		"transferred", "refused changed_since_plan not_in_source", "refused device_not_found", "refused duplicate_in_request",
	}, d.transfer(by, transfers.Transfer{Plan: p.Plan.Plan}))
	require.Equal(t, p.Devices[0].Resulting.Service, d.Find(moves).Service)
}

// A long transfer is recorded as one, however often one of its parts is repeated.
func TestRecordOfPartsAndRepeats(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	by, id := administratorOf(d.reseller), command.Command{ID: uuid.New()}
	serials := []string{d.Device(1, d.reseller), d.Device(2, d.reseller)}
	for _, part := range [][]string{serials[:1], serials[1:], serials[:1]} {
		d.transfer(by, transfers.Transfer{Command: id, From: d.reseller, To: d.customer, Devices: part})
	}
	r, err := d.Get(t.Context(), by, id.ID)
	require.NoError(t, err)
	require.Len(t, r.Items, 2)
	for i, item := range r.Items {
		require.Equal(t, serials[i], item.SerialNumber)
		require.Equal(t, transfer.Carried, item.Outcome)
	}
}
