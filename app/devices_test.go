package app_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
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

// The device moves to another account between the access check and the decision.
func TestDeviceMovesMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	owner := w.customer(reseller, "Delta Rail")
	serial := w.registered(owner, router(1))[0]
	slow := &overtaken{Log: w.log, stream: device.Aggregate.Stream(device.UID(serial)), meanwhile: func() {
		require.Equal(t, []string{"transferred"}, outcomes(w.transfer(owner, reseller, serial)))
	}}
	name := "mine"
	_, err := w.with(slow).Devices.Edit(w.ctx, administratorOf(owner), devices.Edit{Command: newCommand(), Device: serial, Name: &name})
	require.Equal(t, []domain.Problem{device.Busy()}, domain.ProblemsOf(err))
	w.later()
	w.invariants()
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
