package app_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/batch"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

func TestAllOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	register := func(c devices.Register) []string {
		if c.ID == uuid.Nil {
			c.Command = newCommand()
		}
		c.Atomic = true
		r, err := w.Devices.Register(w.ctx, operatorFor(customer), c)
		require.NoError(t, err)
		return outcomes(r)
	}
	bad := router(3)
	bad.IMEI = "1"
	before := len(w.everything())
	require.Equal(t, []string{"refused batch_refused", "refused imei_invalid"}, register(devices.Register{Items: []devices.Registration{router(1), bad}}))
	twin := router(2)
	twin.IMEI = imei(1)
	require.Equal(t, []string{"refused batch_refused", "refused factor_taken"}, register(devices.Register{Items: []devices.Registration{router(1), twin}}))
	require.Len(t, w.everything(), before, "nothing was appended")

	c := devices.Register{Command: newCommand(), Items: routers(1, 3)}
	require.Equal(t, []string{"created", "created", "created"}, register(c))
	after := len(w.everything())
	require.Equal(t, []string{"created", "created", "created"}, register(c), "the same request again has the same answer")
	require.Len(t, w.everything(), after, "and appends nothing")
	c.ID = uuid.New()
	require.Equal(t, []string{"unchanged", "unchanged", "unchanged"}, register(c))

	_, err := w.Devices.Register(w.ctx, operatorFor(customer), devices.Register{Command: newCommand(), Items: routers(1, 1001), Atomic: true})
	refused(t, err, command.CodeBatchTooLarge)
	w.later()
	w.invariants()
}

func TestAllOrNothingTransfersIntoTheLastPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	serials := w.registered(customer, routers(1, 3)...)
	w.registered(reseller, routers(100, 18)...)
	transfer := func(serials ...string) command.BulkResult {
		r, err := w.Transfers.Transfer(w.ctx, administratorOf(reseller), transfers.Transfer{
			Command: newCommand(), From: customer, To: reseller, Devices: serials, Atomic: true,
		})
		require.NoError(t, err)
		return r
	}
	require.Equal(t, []string{"refused batch_refused", "refused batch_refused", "refused device_limit_reached"}, outcomes(transfer(serials...)))
	r := transfer(serials[:2]...)
	require.Equal(t, []string{"transferred", "transferred"}, outcomes(r))
	require.Equal(t, reseller, r.Results[0].Device.Account)
	require.Equal(t, w.device(serials[0]), *r.Results[0].Device, "the answer shows what the log has")
	require.NotZero(t, r.Position)
	w.later()
	w.invariants()
}

// paused is a log whose first append with an event of one type waits until it is
// let go.
type paused struct {
	eventlog.Log
	event          string
	once           sync.Once
	reached, letGo chan struct{}
}

func (p *paused) Append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	if slices.ContainsFunc(events, func(e eventlog.NewEvent) bool { return e.Event.EventType() == p.event }) {
		p.once.Do(func() {
			close(p.reached)
			<-p.letGo
		})
	}
	return p.Log.Append(ctx, stream, expected, events...)
}

// A batch that is only slow is taken for dead and abandoned; its late commit
// must find that out.
func TestSlowBatchDoesNotCommitAfterItWasAbandoned(t *testing.T) {
	t.Parallel()
	for late, items := range map[string]int{
		"Held": 1, "BatchPrepared": 1, "BatchCommitted": 101, // of which the first 100 are prepared in an append of their own
	} {
		t.Run(late, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			customer := w.customer(w.reseller("North Radio"), "Delta Rail")
			slow := &paused{Log: w.log, event: late, reached: make(chan struct{}), letGo: make(chan struct{})}
			failed := make(chan error)
			go func() {
				_, err := w.with(slow).Devices.Register(w.ctx, operatorFor(customer), devices.Register{
					Command: newCommand(), Items: routers(1, items), Atomic: true,
				})
				failed <- err
			}()
			select {
			case <-slow.reached:
			case err := <-failed:
				t.Fatalf("ended before %s: %v", late, err)
			}
			if late != "Held" {
				require.Equal(t, []string{"refused device_busy"}, outcomes(w.register(customer, router(1))))
			}
			w.later()
			close(slow.letGo)
			require.ErrorIs(t, <-failed, eventlog.ErrBusy)
			w.later()
			w.invariants()
			require.False(t, w.device(router(1).SerialNumber).Exists())
			w.registered(customer, routers(1, items)...)
		})
	}
}

func TestRepeatOfARunningBatchIsBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer(w.reseller("North Radio"), "Delta Rail")
	c := devices.Register{Command: newCommand(), Items: routers(1, 2), Atomic: true}
	_, err := w.dying(6, true).Devices.Register(w.ctx, operatorFor(customer), c)
	require.ErrorIs(t, err, errDead)
	_, err = w.Devices.Register(w.ctx, operatorFor(customer), c)
	require.ErrorIs(t, err, eventlog.ErrBusy)
	w.clock.Advance(time.Minute)
	r, err := w.Devices.Register(w.ctx, operatorFor(customer), c)
	require.NoError(t, err)
	require.Equal(t, 2, r.Count(domain.OutcomeCreated))
	w.later()
	w.invariants()
}

func TestAtomicBatchOfManyEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer(w.reseller("North Radio"), "Delta Rail")
	r, err := w.Devices.Register(w.ctx, operatorFor(customer), devices.Register{Command: newCommand(), Items: routers(1, 250), Atomic: true})
	require.NoError(t, err)
	require.Equal(t, 250, r.Count(domain.OutcomeCreated))
	prepared := 0
	for _, e := range w.everything() {
		if p, ok := e.Event.(batch.BatchPrepared); ok {
			prepared += len(p.Changes)
		}
	}
	require.Equal(t, 250, prepared)
}

// flaky is a log whose appends do what they should and then do not answer,
// every other time.
type flaky struct {
	eventlog.Log
	n int
}

func (f *flaky) Append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	revision, position, err := f.Log.Append(ctx, stream, expected, events...)
	if f.n++; f.n%2 == 1 && err == nil {
		return 0, eventlog.Position{}, errors.Join(errors.New("no answer"), eventlog.ErrUnavailable)
	}
	return revision, position, err
}

func TestAppendWithoutAnswerIsRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("North Radio")
	customer := w.customer(reseller, "Delta Rail")
	on := w.with(&flaky{Log: w.log})
	r, err := on.Devices.Register(w.ctx, operatorFor(reseller), devices.Register{Command: newCommand(), Items: routers(1, 1)})
	require.NoError(t, err)
	require.Equal(t, []string{"created"}, outcomes(r))
	r, err = on.Transfers.Transfer(w.ctx, operator(), transfers.Transfer{
		Command: newCommand(), From: reseller, To: customer, Devices: []string{router(1).SerialNumber},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"transferred"}, outcomes(r))
	types := map[string]int{}
	for e, err := range w.log.ReadStream(w.ctx, device.Aggregate.Stream(device.UID(router(1).SerialNumber)), 0) {
		require.NoError(t, err)
		types[e.Event.EventType()]++
	}
	require.Equal(t, map[string]int{"Registered": 1, "Transferred": 1}, types)
	w.later()
	w.invariants()
}

// With the store away a command ends with its context, and says so.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer(w.reseller("North Radio"), "Delta Rail")
	ctx, cancel := context.WithTimeout(w.ctx, 300*time.Millisecond)
	defer cancel()
	_, err := w.with(away{w.log}).Devices.Register(ctx, operatorFor(customer), devices.Register{Command: newCommand(), Items: routers(1, 40)})
	require.ErrorIs(t, err, eventlog.ErrUnavailable)
	require.True(t, strings.Contains(err.Error(), "reservation-") || strings.Contains(err.Error(), "device-"), err)
}

type away struct{ eventlog.Log }

func (away) Append(context.Context, string, eventlog.Revision, ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	return 0, eventlog.Position{}, eventlog.ErrUnavailable
}

func TestDryRunOfAtomicRenewal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer(w.reseller("North Radio"), "Delta Rail")
	serials := w.registered(customer, routers(1, 2)...)
	before := len(w.everything())
	c := renewals.Renew{Command: dryRun(), Devices: append(serials, "LD99999999999999"), Term: calendar.Months(12), Atomic: true}
	r, err := w.Renewals.Renew(w.ctx, operator(), c)
	require.NoError(t, err)
	require.Equal(t, []string{"refused batch_refused", "refused batch_refused", "refused device_not_found"}, outcomes(r))
	c.Devices = serials
	r, err = w.Renewals.Renew(w.ctx, operator(), c)
	require.NoError(t, err)
	require.Equal(t, []string{"renewed", "renewed"}, outcomes(r))
	require.Equal(t, calendar.On(2028, time.March, 10), r.Results[0].Device.Service.End, "as it would be")
	require.Len(t, w.everything(), before)
}
