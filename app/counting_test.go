package app_test

import (
	"context"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// countingLog notes which streams are read and appended to.
type countingLog struct {
	eventlog.Log
	mu             sync.Mutex
	reads, appends []string // in order
}

func (l *countingLog) Append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	l.note(&l.appends, stream)
	return l.Log.Append(ctx, stream, expected, events...)
}

func (l *countingLog) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	l.note(&l.reads, stream)
	return l.Log.ReadStream(ctx, stream, from)
}

func (l *countingLog) ReadLast(ctx context.Context, stream string) (eventlog.Recorded, bool, error) {
	l.note(&l.reads, stream)
	return l.Log.ReadLast(ctx, stream)
}

func (l *countingLog) note(streams *[]string, stream string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*streams = append(*streams, stream)
}

// What commands read and append, in order, so that it stays this little.
func TestReadsAndAppends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serials := w.registered(reseller, routers(1, 3)...)
	sold := w.registered(customer, routers(11, 3)...)
	returned := w.registered(reseller, router(21))
	mistake := w.transfer(reseller, customer, returned...).ID
	bought := w.registered(reseller, router(22))[0]
	names := map[string]string{reservation.NameIn(reseller, "gate").Stream: "new name"}
	for _, n := range []int{1, 2, 3, 22} {
		names[reservation.NameIn(reseller, router(n).Name).Stream] = "old name"
		names[reservation.NameIn(customer, router(n).Name).Stream] = "new name"
	}
	names[reservation.NameIn(customer, router(21).Name).Stream] = "old name"
	names[reservation.NameIn(reseller, router(21).Name).Stream] = "new name"
	move := func(a *app.App, by access.Caller, serial string, atomic bool) error {
		return bulk(a.Transfers.Transfer(w.ctx, by, transfers.Transfer{
			Command: newCommand(), From: reseller, To: customer, Devices: []string{serial}, Atomic: atomic,
		}))
	}
	renew := func(a *app.App, by access.Caller) error {
		r, err := a.Renewals.Renew(w.ctx, by, renewals.Renew{Command: newCommand(), Devices: sold, Align: device.Alignment{Kind: device.AlignLatest}})
		require.Equal(t, []string{"unchanged", "unchanged", "unchanged"}, outcomes(r))
		return err
	}
	for _, c := range []struct {
		name           string
		reads, appends []string
		do             func(a *app.App) error
	}{
		{
			"rename a device",
			[]string{"device", "account", "old name"},
			[]string{"new name", "device", "old name"},
			func(a *app.App) error {
				name := "gate"
				_, err := a.Devices.Edit(w.ctx, administratorOf(reseller), devices.Edit{Command: newCommand(), Device: serials[0], Name: &name})
				return err
			},
		},
		{
			"create a customer",
			[]string{"account", "account", "partnership"},
			[]string{"reservation name", "reserved email", "account", "partnership"},
			func(a *app.App) error {
				_, err := a.Accounts.CreateCustomer(w.ctx, administratorOf(reseller), accountNamed("Alder Ambulance", ""))
				return err
			},
		},
		{
			"transfer a device",
			[]string{"account", "account", "partnership", "device", "catalogue", "reservation places", "old name"},
			[]string{"transfer", "new name", "device", "reservation places", "old name", "transfer"},
			func(a *app.App) error { return move(a, administratorOf(reseller), serials[1], false) },
		},
		{
			"transfer a device by the operator",
			[]string{"account", "account", "partnership", "device", "catalogue", "reservation places", "old name"},
			[]string{"transfer", "new name", "device", "reservation places", "old name", "transfer"},
			func(a *app.App) error { return move(a, operator(), bought, false) },
		},
		{
			"transfer a device, all or nothing",
			[]string{"account", "account", "partnership", "device", "catalogue", "batch", "new name", "reservation places", "old name"},
			[]string{"transfer", "batch", "new name", "device", "batch", "device", "batch", "reservation places", "old name", "transfer"},
			func(a *app.App) error { return move(a, administratorOf(reseller), serials[2], true) },
		},
		{
			"reverse a transfer",
			[]string{"transfer", "partnership", "account", "device", "reservation places", "new name", "old name"},
			[]string{"transfer", "reservation places", "new name", "new name", "device", "old name", "transfer"}, // one in vain, as if the name were new
			func(a *app.App) error {
				return bulk(a.Transfers.Reverse(w.ctx, administratorOf(reseller), transfers.Reverse{Command: because(), Transfer: mistake}))
			},
		},
		{
			"renew devices of one customer, which stay as they are",
			[]string{"account", "device", "device", "device", "partnership", "renewalorder"},
			nil,
			func(a *app.App) error { return renew(a, administratorOf(reseller)) },
		},
		{
			"renew devices by the operator, which stay as they are",
			[]string{"device", "device", "device", "renewalorder"},
			nil,
			func(a *app.App) error { return renew(a, operator()) },
		},
		{
			"grant an allocation",
			[]string{"device"},
			[]string{"device"},
			func(a *app.App) error {
				_, err := a.Renewals.Grant(w.ctx, operator(), renewals.Grant{Command: newCommand(), Device: sold[0], Term: calendar.Months(36)})
				return err
			},
		},
		{
			"register a device",
			[]string{"account", "catalogue", "device"},
			[]string{"new name", "reservation factor", "device"},
			func(a *app.App) error {
				row := router(4)
				row.Name = router(1).Name // which its reseller has, not the customer
				return bulk(a.Devices.Register(w.ctx, administratorOf(customer), devices.Register{Command: newCommand(), Items: []devices.Registration{row}}))
			},
		},
	} {
		l := &countingLog{Log: w.log}
		require.NoError(t, c.do(w.with(l)), c.name)
		require.Equal(t, c.reads, called(l.reads, names), "reads: %s", c.name)
		require.Equal(t, c.appends, called(l.appends, names), "appends: %s", c.name)
	}
	w.later()
	w.invariants()
}

// The account of somebody who has signed in is read to let the caller in, and by the
// same request not once more; by the next one it is.
func TestTheCallersAccountIsReadOnce(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	_, token := m.session()
	serial := m.registered(m.account, router(1))[0]
	l := &countingLog{Log: m.log}
	a := m.with(l)
	for _, name := range []string{"gate", "door"} {
		l.reads = nil
		caller, err := a.People.SessionCaller(m.ctx, token)
		require.NoError(t, err)
		_, err = a.Devices.Edit(m.ctx, caller, devices.Edit{Command: newCommand(), Device: serial, Name: &name})
		require.NoError(t, err)
		require.Equal(t, []string{"user", "account", "device", "reservation devicename"}, called(l.reads, nil))
	}
}

// called are streams as they are called in names, others by their category.
func called(streams []string, names map[string]string) []string {
	var all []string
	for _, stream := range streams {
		name, ok := names[stream]
		if !ok {
			category, id, _ := strings.Cut(stream, "-")
			name = category
			if kind, _, held := strings.Cut(id, "-"); held && (category == "reservation" || category == "reserved") {
				name += " " + kind
			}
		}
		all = append(all, name)
	}
	return all
}
