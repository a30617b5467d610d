package app_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/release"
)

// asks asks for the release of router n.
func (w *world) asks(by access.Caller, n int) devices.Release {
	w.t.Helper()
	r, err := w.Devices.RequestRelease(w.ctx, by, devices.RequestRelease{
		Command: command.Command{ID: uuid.New(), Reason: "bought it"}, SerialNumber: router(n).SerialNumber, IMEI: imei(n),
	})
	require.NoError(w.t, err)
	return r
}

func TestReleasedDeviceGoesToWhoAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, buyer := w.customer(w.reseller("North Radio"), "Delta Rail"), w.customer(w.reseller("South Radio"), "Alder Ambulance")
	serial := w.registered(owner, router(1))[0]
	row := router(1)
	row.Name = "mine"
	require.Equal(t, []string{"refused registered_elsewhere"}, outcomes(w.register(buyer, row)))

	asked := w.asks(administratorOf(buyer), 1)
	require.Equal(t, uuid.Nil, asked.Owner, "not who has it")
	require.Equal(t, asked, w.asks(administratorOf(buyer), 1), "one open request")
	id := asked.Request.Request
	held, err := w.Devices.ReleaseRequest(w.ctx, administratorOf(owner), id)
	require.NoError(t, err)
	require.Equal(t, buyer, held.Requester)
	require.Equal(t, "bought it", held.Reason)

	for range 2 {
		granted, err := w.Devices.AnswerRelease(w.ctx, administratorOf(owner), id, true, newCommand())
		require.NoError(t, err)
		require.Equal(t, release.Granted, granted.Answer)
	}
	_, err = w.Devices.AnswerRelease(w.ctx, administratorOf(owner), id, false, newCommand())
	refused(t, err, release.CodeAnswered)
	require.Equal(t, owner, w.device(serial).Account)
	stranger := w.reseller("East Radio")
	require.Equal(t, []string{"refused registered_elsewhere"}, outcomes(w.register(stranger, row)), "it is for the buyer alone")
	require.Equal(t, []string{"created"}, outcomes(w.register(buyer, row)))
	require.Equal(t, []string{"unchanged"}, outcomes(w.register(buyer, row)))
	now := w.device(serial)
	require.Equal(t, buyer, now.Account)
	require.Equal(t, "mine", now.Name)
	history, err := w.Devices.History(w.ctx, administratorOf(buyer), serial)
	require.NoError(t, err)
	for _, item := range history {
		require.NotContains(t, item.Changes, devices.Change{Field: "account", Before: owner.String(), After: buyer.String()})
	}
	w.later()
	w.invariants()
}

func TestReleaseTakesAPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	reseller := w.reseller("South Radio")
	owner := w.customer(w.reseller("North Radio"), "Delta Rail")
	w.registered(owner, router(1))
	w.registered(reseller, routers(100, 20)...)
	id := w.asks(administratorOf(reseller), 1).Request.Request
	_, err := w.Devices.AnswerRelease(w.ctx, administratorOf(owner), id, true, newCommand())
	require.NoError(t, err)
	require.Equal(t, []string{"refused device_limit_reached"}, outcomes(w.register(reseller, router(1))))
	_, err = w.Devices.Retire(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: router(100).SerialNumber})
	require.NoError(t, err)
	require.Equal(t, []string{"created"}, outcomes(w.register(reseller, router(1))))
	require.True(t, w.device(router(1).SerialNumber).Service.AutoRenew)
	w.later()
	w.invariants()
}

// What the asker learns of a device is the same whether it is not there, has
// another factor, or is somebody's.
func TestReleaseRequestsTellNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, buyer := w.customer(w.reseller("North Radio"), "Delta Rail"), w.customer(w.reseller("South Radio"), "Alder Ambulance")
	w.registered(owner, routers(1, 3)...)
	ask := func(by access.Caller, serial, imei string) error {
		_, err := w.Devices.RequestRelease(w.ctx, by, devices.RequestRelease{Command: newCommand(), SerialNumber: serial, IMEI: imei})
		return err
	}
	require.ErrorIs(t, ask(administratorOf(buyer), router(3).SerialNumber, imei(9)), query.ErrNotFound)
	require.ErrorIs(t, ask(administratorOf(buyer), router(9).SerialNumber, imei(9)), query.ErrNotFound)
	require.ErrorIs(t, ask(administratorOf(buyer), router(1).SerialNumber, imei(9)), query.ErrNotFound)
	refused(t, ask(administratorOf(buyer), "?", "1"), device.CodeSerialInvalid, device.CodeIMEIInvalid)
	refused(t, ask(administratorOf(owner), router(1).SerialNumber, imei(1)), devices.CodeOwnDevice)
	refused(t, ask(operator(), router(1).SerialNumber, imei(1)), "account_required")
	require.ErrorIs(t, ask(readOnly(buyer), router(1).SerialNumber, imei(1)), access.ErrForbidden)

	id := w.asks(administratorOf(buyer), 1).Request.Request
	stranger := administratorOf(w.reseller("East Radio"))
	for name, uid := range map[string]uuid.UUID{"foreign": id, "missing": uuid.New()} {
		_, err := w.Devices.ReleaseRequest(w.ctx, stranger, uid)
		require.ErrorIs(t, err, query.ErrNotFound, name)
		_, err = w.Devices.AnswerRelease(w.ctx, stranger, uid, true, newCommand())
		require.ErrorIs(t, err, query.ErrNotFound, name)
	}
	_, err := w.Devices.AnswerRelease(w.ctx, administratorOf(buyer), id, true, newCommand())
	require.ErrorIs(t, err, query.ErrNotFound, "who asks does not answer")
	_, err = w.Devices.AnswerRelease(w.ctx, readOnly(owner), id, true, newCommand())
	require.ErrorIs(t, err, access.ErrForbidden)
	_, err = w.Devices.AnswerRelease(w.ctx, administratorOf(owner), id, false, newCommand())
	require.NoError(t, err)
	require.Equal(t, []string{"refused registered_elsewhere"}, outcomes(w.register(buyer, router(1))))
	again := w.asks(administratorOf(buyer), 1).Request.Request
	require.NotEqual(t, id, again, "a denied one can be asked anew")
	_, err = w.Devices.Retire(w.ctx, operator(), devices.LifeCycle{Command: newCommand(), Device: router(1).SerialNumber})
	require.NoError(t, err)
	_, err = w.Devices.AnswerRelease(w.ctx, administratorOf(owner), again, true, newCommand())
	require.NoError(t, err, "retired or not")
	require.Equal(t, []string{"created"}, outcomes(w.register(buyer, router(1))))
}

// A request for a retired device is granted by itself after a week without an
// answer: a week of both, the request and the retirement.
func TestRetiredDevicesAreReleased(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	owner, buyer := w.customer(w.reseller("North Radio"), "Delta Rail"), w.customer(w.reseller("South Radio"), "Alder Ambulance")
	w.registered(owner, routers(1, 4)...)
	retire := func(n int) {
		_, err := w.Devices.Retire(w.ctx, administratorOf(owner), devices.LifeCycle{Command: newCommand(), Device: router(n).SerialNumber})
		require.NoError(t, err)
	}
	retire(1)
	retire(2)
	first, denied := w.asks(administratorOf(buyer), 1).Request.Request, w.asks(administratorOf(buyer), 2).Request.Request
	later, active := w.asks(administratorOf(buyer), 3).Request.Request, w.asks(administratorOf(buyer), 4).Request.Request
	begun := w.clock.Now()
	_, err := w.Devices.AnswerRelease(w.ctx, administratorOf(owner), denied, false, newCommand())
	require.NoError(t, err)
	answer := func(id uuid.UUID) (release.Answer, bool) {
		r, err := w.Devices.ReleaseRequest(w.ctx, administratorOf(buyer), id)
		require.NoError(t, err)
		return r.Answer, r.ByItself
	}
	w.run(begun.Add(7*24*time.Hour - time.Minute))
	retire(3)
	given, _ := answer(first)
	require.Equal(t, release.Open, given)
	w.run(begun.Add(7*24*time.Hour + time.Minute))
	given, byItself := answer(first)
	require.Equal(t, release.Granted, given)
	require.True(t, byItself)
	for id, want := range map[uuid.UUID]release.Answer{denied: release.Denied, later: release.Open, active: release.Open} {
		given, _ := answer(id)
		require.Equal(t, want, given)
	}
	require.Equal(t, []string{"created"}, outcomes(w.register(buyer, router(1))))
	require.Equal(t, device.Active, w.device(router(1).SerialNumber).LifeCycle)
	_, err = w.Devices.Reinstate(w.ctx, administratorOf(owner), devices.Reinstate{LifeCycle: devices.LifeCycle{Command: newCommand(), Device: router(1).SerialNumber}})
	require.ErrorIs(t, err, query.ErrNotFound, "somebody else has registered it")
	_, err = w.Devices.Reinstate(w.ctx, administratorOf(owner), devices.Reinstate{LifeCycle: devices.LifeCycle{Command: newCommand(), Device: router(3).SerialNumber}})
	require.NoError(t, err)
	w.run(begun.Add(15 * 24 * time.Hour))
	given, _ = answer(later)
	require.Equal(t, release.Open, given, "it is in service again")
	w.later()
	w.invariants()
}

func TestGrantAndDenialAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, buyer := w.customer(w.reseller("North Radio"), "Delta Rail"), w.customer(w.reseller("South Radio"), "Alder Ambulance")
	for n := range 3 {
		w.registered(owner, router(n))
		id := w.asks(administratorOf(buyer), n).Request.Request
		errs := make([]error, 4)
		concurrently(4, func(i int) {
			_, errs[i] = w.Devices.AnswerRelease(w.ctx, administratorOf(owner), id, i%2 == 0, newCommand())
		})
		r, err := w.Devices.ReleaseRequest(w.ctx, administratorOf(buyer), id)
		require.NoError(t, err)
		granted := r.Answer == release.Granted
		require.Equal(t, granted, w.device(router(n).SerialNumber).Released.To == buyer)
		for i, err := range errs {
			_, other := errors.AsType[*domain.Refusal](err)
			require.Equal(t, granted != (i%2 == 0), other, "%v", err)
		}
	}
}

// The answer is recorded, and what follows from it is not yet.
func TestReleaseGrantedAfterACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, buyer := w.customer(w.reseller("North Radio"), "Delta Rail"), w.customer(w.reseller("South Radio"), "Alder Ambulance")
	serial := w.registered(owner, router(1))[0]
	id := w.asks(administratorOf(buyer), 1).Request.Request
	_, err := w.dying(2, true).Devices.AnswerRelease(w.ctx, administratorOf(owner), id, true, newCommand())
	require.ErrorIs(t, err, errDead)
	require.Equal(t, []string{"refused registered_elsewhere"}, outcomes(w.register(buyer, router(1))))
	w.later()
	released := w.device(serial)
	require.Equal(t, buyer, released.Released.To)
	w.clock.Advance(time.Minute)
	require.NoError(t, w.Finisher.HandleBatch(w.ctx, eventlog.Batch{Events: w.everything()}))
	require.Equal(t, released, w.device(serial), "once more does nothing")

	require.Equal(t, []string{"created"}, outcomes(w.register(buyer, router(1))))
	history, err := w.Devices.History(w.ctx, administratorOf(buyer), serial)
	require.NoError(t, err)
	require.Len(t, history, 3)
	require.True(t, history[0].Redacted)
	require.Contains(t, history[2].Changes, devices.Change{Field: "account", After: buyer.String()})
}

// Nobody reads the whole log to find what is due, as often as it is looked for. The
// second time the read model does not know yet what the first has done.
func TestWhatIsDueIsFoundWithoutTheLog(t *testing.T) {
	t.Parallel()
	w := newTimedWorld(t)
	owner, buyer := w.customer(w.reseller("North Radio"), "Delta Rail"), w.customer(w.reseller("South Radio"), "Alder Ambulance")
	serial := w.registered(owner, router(1))[0]
	_, err := w.Devices.Retire(w.ctx, administratorOf(owner), devices.LifeCycle{Command: newCommand(), Device: serial})
	require.NoError(t, err)
	asked := w.asks(administratorOf(buyer), 1).Request.Request
	w.visible()
	w.clock.Advance(7 * 24 * time.Hour)
	due := w.with(unread{w.log, t}).Schedule
	for range 2 {
		require.NoError(t, due.RunDue(w.ctx))
		r, err := w.Devices.ReleaseRequest(w.ctx, administratorOf(buyer), asked)
		require.NoError(t, err)
		require.Equal(t, release.Granted, r.Answer)
	}
	w.later()
	w.invariants()
}

// unread is a log that is not to be read as a whole.
type unread struct {
	eventlog.Log
	t *testing.T
}

func (l unread) ReadAll(ctx context.Context, after eventlog.Position, prefixes ...string) iter.Seq2[eventlog.Recorded, error] {
	l.t.Errorf("the log is read after %v for %v", after, prefixes)
	return l.Log.ReadAll(ctx, after, prefixes...)
}
