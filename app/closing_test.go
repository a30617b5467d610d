package app_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/release"
)

// muchOpen is an account of a round and what is open there.
type muchOpen struct {
	customer, reseller, stranger, other uuid.UUID // other is a customer of the reseller, too
	own, partners                       uuid.UUID // orders: of the customer, of the reseller for it and for other
	asked, held                         uuid.UUID // release requests
	operation                           uuid.UUID
}

func (w *world) muchOpen(round int) muchOpen {
	w.t.Helper()
	o := muchOpen{reseller: w.fixed("North Radio"), stranger: w.fixed("South Radio"), other: w.fixed("Delta Rail")}
	o.customer = w.pending(round)
	w.partnered(o.reseller, o.customer)
	theirs := w.registered(o.customer, routers(100*round, 2)...)
	others := w.registered(o.other, routers(100*round+10, 2)...)
	ordered := func(by uuid.UUID, serials ...string) uuid.UUID {
		r, err := w.Renewals.Renew(w.ctx, administratorOf(by), renewals.Renew{Command: newCommand(), Devices: serials, Term: calendar.Months(12), OrderNumber: "PO-9"})
		require.NoError(w.t, err)
		require.Equal(w.t, len(serials), r.Count(domain.OutcomeOrdered), "%+v", r.Results)
		return r.ID
	}
	o.own, o.partners = ordered(o.customer, theirs[0]), ordered(o.reseller, theirs[1], others[0])
	asked := func(by uuid.UUID, serial string, n int) uuid.UUID {
		r, err := w.Devices.RequestRelease(w.ctx, administratorOf(by), devices.RequestRelease{Command: newCommand(), SerialNumber: serial, IMEI: imei(n)})
		require.NoError(w.t, err)
		return r.Request.Request
	}
	o.asked, o.held = asked(o.customer, others[1], 100*round+11), asked(o.stranger, theirs[1], 100*round+1)
	w.append(partnership.Aggregate.Stream(partnership.UID(o.stranger, o.customer)), partnership.PartnershipRequested{
		Partnership: partnership.UID(o.stranger, o.customer), Reseller: o.stranger, Customer: o.customer,
	})
	op, err := w.Operations.Submit(w.ctx, administratorOf(o.customer), operations.Submission{
		Command: newCommand(), Kind: ports.OperationRegistration, Registrations: devices.Register{Items: routers(100*round+20, 2)},
	})
	require.NoError(w.t, err)
	o.operation = op.ID
	return o
}

func (w *world) partnered(reseller, customer uuid.UUID) {
	w.t.Helper()
	w.append(partnership.Aggregate.Stream(partnership.UID(reseller, customer)), partnership.PartnershipEstablished{
		Partnership: partnership.UID(reseller, customer), Reseller: reseller, Customer: customer, Profile: "full",
	})
}

// append appends an event to a new stream.
func (w *world) append(stream string, e domain.Event) {
	w.t.Helper()
	x := command.Executor{Log: w.log, Clock: w.clock}
	_, _, err := w.log.Append(w.ctx, stream, eventlog.NoStream, x.Begin(operator().Actor, newCommand()).Once(e))
	require.NoError(w.t, err)
}

// stopped insists on what the end of an account has ended, and on nothing else.
func (w *world) stopped(o muchOpen) {
	w.t.Helper()
	for _, reseller := range []uuid.UUID{o.reseller, o.stranger} {
		l, err := eventlog.Load(w.ctx, w.log, partnership.Aggregate, partnership.UID(reseller, o.customer))
		require.NoError(w.t, err)
		require.False(w.t, l.State.ActiveAt(w.clock.Now()))
		require.NotEqual(w.t, partnership.Open, l.State.Request.Status)
		require.Equal(w.t, account.ReasonClosed, l.Events[len(l.Events)-1].Metadata.Reason)
	}
	for uid, want := range map[uuid.UUID][]order.Status{
		o.own: {order.Withdrawn}, o.partners: {order.Withdrawn, order.Ordered},
	} {
		l, err := eventlog.Load(w.ctx, w.log, order.Aggregate, uid)
		require.NoError(w.t, err)
		for i, d := range l.State.Devices {
			require.Equal(w.t, want[i], d.Status)
			require.Equal(w.t, want[i] == order.Withdrawn, d.Reason == account.ReasonClosed)
		}
	}
	for uid, of := range map[uuid.UUID]uuid.UUID{o.asked: o.other, o.held: o.customer} {
		l, err := eventlog.Load(w.ctx, w.log, release.Aggregate, of)
		require.NoError(w.t, err)
		r, _ := l.State.Find(uid)
		require.Equal(w.t, release.Ended, r.Answer)
	}
	op, err := w.operations.Operation(w.ctx, o.operation)
	require.NoError(w.t, err)
	require.Equal(w.t, ports.OperationFailed, op.State)
	require.Equal(w.t, "account_closed: "+account.ReasonClosed, op.Error)
	l, err := eventlog.Load(w.ctx, w.log, partnership.Aggregate, partnership.UID(o.reseller, o.other))
	require.NoError(w.t, err)
	require.True(w.t, l.State.ActiveAt(w.clock.Now()), "that of others")
}

// Closing an account stops what is open there, once, also when it is reopened
// before that was done; what begins anew afterwards stays.
func TestClosingStopsWhatIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorldWithPeople(t, plainPasswords{})
	o := w.muchOpen(1)
	w.later()
	_, err := w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: o.customer, Confirm: true})
	require.NoError(t, err)
	_, err = w.Accounts.Reopen(w.ctx, operator(), accounts.Reopen{Command: newCommand(), Account: o.customer})
	require.NoError(t, err)
	anew, err := w.Renewals.Renew(w.ctx, administratorOf(o.customer), renewals.Renew{
		Command: newCommand(), Devices: []string{router(100).SerialNumber}, Term: calendar.Months(12),
	})
	require.NoError(t, err)
	w.later()
	w.stopped(o)
	l, err := eventlog.Load(w.ctx, w.log, order.Aggregate, anew.ID)
	require.NoError(t, err)
	require.Equal(t, order.Ordered, l.State.Status(), "ordered after it was reopened")

	w.clock.Advance(24 * time.Hour)
	all := len(w.after(eventlog.Position{}, allStreams...))
	for range 2 { // again, and by another process that knows nothing yet
		require.NoError(t, w.Finisher.HandleBatch(w.ctx, eventlog.Batch{Events: w.everything()}))
		w.App = w.with(w.log)
	}
	require.Len(t, w.after(eventlog.Position{}, allStreams...), all, "once more does nothing")
}

// A reseller that closes leaves its customers and takes its orders along.
func TestClosingAReseller(t *testing.T) {
	t.Parallel()
	w := newWorldWithPeople(t, plainPasswords{})
	o := w.muchOpen(1)
	_, err := w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: o.reseller, Confirm: true})
	require.NoError(t, err)
	w.later()
	for _, customer := range []uuid.UUID{o.customer, o.other} {
		l, err := eventlog.Load(w.ctx, w.log, partnership.Aggregate, partnership.UID(o.reseller, customer))
		require.NoError(t, err)
		require.False(t, l.State.ActiveAt(w.clock.Now()))
	}
	for uid, want := range map[uuid.UUID]order.Status{o.own: order.Ordered, o.partners: order.Withdrawn} {
		l, err := eventlog.Load(w.ctx, w.log, order.Aggregate, uid)
		require.NoError(t, err)
		require.Equal(t, want, l.State.Status())
	}
}

// An operation stops after the items that it is at.
func TestAnOperationStopsWithItsAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	customer := w.customer(w.reseller("North Radio"), "Delta Rail")
	submit := operations.Submission{Command: newCommand(), Kind: ports.OperationRegistration, Registrations: devices.Register{Items: routers(1, 100)}}
	op, err := w.Operations.Submit(w.ctx, w.tokenOf(customer), submit)
	require.NoError(t, err)
	closing := &closesAt{Log: w.log, left: 30, then: func() {
		_, err := w.Accounts.Close(w.ctx, operator(), accounts.Close{Command: newCommand(), Account: customer, Confirm: true})
		require.NoError(t, err)
	}}
	done, err := w.with(closing).Operations.RunOperationChunk(w.ctx, op.ID)
	require.NoError(t, err)
	require.True(t, done)
	results, err := w.Operations.Results(w.ctx, administratorOf(customer), op.ID, 0, 100)
	require.NoError(t, err)
	created := command.BulkResult{Results: results}.Count(domain.OutcomeCreated)
	require.Greater(t, created, 0)
	require.Less(t, created, 60)
	for _, r := range results[created:] {
		if r.Outcome == domain.OutcomeRefused {
			require.Equal(t, []string{"account_closed"}, codes(r.Problems))
		}
	}
}

// closesAt is a log on which something happens before one of the appends.
type closesAt struct {
	eventlog.Log
	mu   sync.Mutex
	left int
	then func()
}

func (l *closesAt) Append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	l.mu.Lock()
	if l.left--; l.left == 0 {
		l.then()
	}
	l.mu.Unlock()
	return l.Log.Append(ctx, stream, expected, events...)
}
