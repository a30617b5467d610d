package app_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
)

// overtaken is a log in which something happens right after a stream was read for
// the first time.
type overtaken struct {
	eventlog.Log
	stream    string
	once      sync.Once
	meanwhile func()
}

func (o *overtaken) ReadStream(ctx context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		for e, err := range o.Log.ReadStream(ctx, stream, from) {
			if !yield(e, err) {
				return
			}
		}
		if stream == o.stream {
			o.once.Do(o.meanwhile)
		}
	}
}

// A device that moves between the access check and the decision is decided on
// anew; what the caller may do in its new account was not asked. An order is for
// the device where it was, and is refused when it is applied: it says so.
func TestDeviceMovesMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer, elsewhere := w.customer(reseller, "Delta Rail"), w.readOnlyCustomer(reseller, "Alder Ambulance")
	by, name := administratorOf(reseller), "mine"
	for n, c := range []struct {
		refused string
		do      func(a *app.App, serial string) error
	}{
		{device.CodeBusy, func(a *app.App, serial string) error {
			_, err := a.Devices.Edit(w.ctx, by, devices.Edit{Command: newCommand(), Device: serial, Name: &name})
			return err
		}},
		{device.CodeBusy, func(a *app.App, serial string) error {
			return single(a.Transfers.Transfer(w.ctx, by, transfers.Transfer{
				Command: newCommand(), From: reseller, To: customer, Devices: []string{serial},
			}))
		}},
		{order.CodeDeviceMoved, func(a *app.App, serial string) error {
			ordered, err := a.Renewals.Renew(w.ctx, by, renewals.Renew{
				Command: newCommand(), Devices: []string{serial}, Term: calendar.Months(12),
			})
			require.NoError(t, err)
			require.Equal(t, []string{"ordered"}, outcomes(ordered))
			return single(a.Renewals.Apply(w.ctx, operator(), renewals.Answer{Command: newCommand(), Renewal: ordered.ID}))
		}},
		{order.CodeDeviceMoved, func(a *app.App, serial string) error {
			return single(a.Renewals.Renew(w.ctx, by, renewals.Renew{
				Command: newCommand(), Devices: []string{serial}, Term: calendar.Months(12),
			}))
		}},
	} {
		serial := w.registered(reseller, router(n))[0]
		slow := &overtaken{Log: w.log, stream: device.Aggregate.Stream(device.UID(serial)), meanwhile: func() {
			require.Equal(t, []string{"transferred"}, outcomes(w.transfer(reseller, elsewhere, serial)))
		}}
		a := w.with(slow, func(d *app.Dependencies) { d.AutomaticOrders = n == 3 })
		refused(t, c.do(a, serial), c.refused)
		require.Equal(t, elsewhere, w.device(serial).Account)
		require.Equal(t, calendar.On(2027, time.March, 10), w.device(serial).Service.End, "as the transfer has left it")
	}
	w.later()
	w.invariants()
}

// single is the refusal of the only item of a request, if it was refused.
func single(r command.BulkResult, err error) error {
	if err != nil {
		return err
	}
	return domain.Refuse(r.Results[0].Problems...)
}

// Of the rows of a request the first gets the name, the factor, the last place.
func TestRowsThatCompete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created, err := w.Accounts.Create(w.ctx, operator(), accountNamed("Delta Rail", account.Standard))
	require.NoError(t, err)
	row := func(n int, mac, name string) devices.Registration {
		return devices.Registration{SerialNumber: fmt.Sprintf("LD%014d", n), MAC: mac, Name: name}
	}
	require.Equal(t, []string{"created", "refused name_taken", "refused factor_taken", "created"}, outcomes(w.register(created.UID,
		row(1, "00000000000a", "gate"), row(2, "00000000000b", "GATE"), row(3, "00000000000a", ""), row(4, "00000000000c", ""))))

	want := slices.Repeat([]string{"created"}, device.DefaultRules.Places)
	want = append(want, "refused device_limit_reached", "refused device_limit_reached")
	require.Equal(t, want, outcomes(w.register(w.reseller("North Radio"), routers(100, device.DefaultRules.Places+2)...)))
	w.later()
	w.invariants()
}
