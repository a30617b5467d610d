package app_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/batch"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/user"
)

var errDead = errors.New("the process is dead")

// dying is a log in a process that dies at the nth append: before it, or after
// the store has done it and before the process has heard so.
type dying struct {
	app.Log
	mu     sync.Mutex
	left   int
	before bool
	dead   bool
}

func (d *dying) Append(ctx context.Context, stream string, expected app.Revision, events ...app.NewEvent) (app.Revision, app.Position, error) {
	d.mu.Lock()
	if d.dead {
		d.mu.Unlock()
		return 0, app.Position{}, errDead
	}
	if d.left--; d.left > 0 {
		d.mu.Unlock()
		return d.Log.Append(ctx, stream, expected, events...)
	}
	d.dead = true
	d.mu.Unlock()
	if !d.before {
		_, _, _ = d.Log.Append(ctx, stream, expected, events...)
	}
	return 0, app.Position{}, errDead
}

// crashes runs a command in processes that die at the first append, the second
// and so on, until one survives. After each death the processes clear up, the
// invariants hold, and the command goes through when it is repeated.
func crashes(t *testing.T, command func(w *world, on *app.App, round int) error) {
	crashesIn(t, newWorld, command)
}

func crashesIn(t *testing.T, newWorld func(testing.TB) *world, command func(w *world, on *app.App, round int) error) {
	for _, before := range []bool{true, false} {
		t.Run(fmt.Sprintf("before=%t", before), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for n := 1; ; n++ {
				require.Less(t, n, 60, "the command does not end")
				log := &dying{Log: w.log, left: n, before: before}
				err := command(w, w.with(log), n)
				if !log.dead {
					require.NoError(t, err)
					require.Greater(t, n, 4, "the command has hardly died")
					t.Logf("died at %d appends, %d events", n-1, len(w.everything()))
					break
				}
				w.later()
				w.invariants()
				require.NoError(t, command(w, w.App, n), "repeated after death at append %d", n)
				w.later()
				w.invariants()
			}
		})
	}
}

func TestCrashesOfCreateCustomer(t *testing.T) {
	t.Parallel()
	crashes(t, func(w *world, on *app.App, round int) error {
		reseller := w.fixed("North Radio")
		c := accountNamed(fmt.Sprintf("Customer %d", round), account.Standard)
		c.ID = seed(round)
		_, err := on.CreateCustomer(w.ctx, administratorOf(reseller), c)
		return err
	})
}

func TestCrashesOfRegistration(t *testing.T) {
	t.Parallel()
	crashes(t, func(w *world, on *app.App, round int) error {
		reseller := w.fixed("North Radio")
		return bulk(on.RegisterDevices(w.ctx, operatorFor(reseller), app.RegisterDevices{
			Command: app.Command{ID: seed(round)}, Items: routers(2*round, 2),
		}))
	})
}

func TestCrashesOfTransfer(t *testing.T) {
	t.Parallel()
	crashes(t, func(w *world, on *app.App, round int) error {
		reseller := w.fixed("North Radio")
		customer := w.fixed("Delta Rail")
		w.register(reseller, router(round))
		c := app.TransferDevices{Command: app.Command{ID: seed(round)}, From: reseller, To: customer, Devices: []string{router(round).SerialNumber}}
		return bulk(on.TransferDevices(w.ctx, operator(), c))
	})
}

func TestCrashesOfAtomicRegistration(t *testing.T) {
	t.Parallel()
	crashes(t, func(w *world, on *app.App, round int) error {
		customer := w.fixed("Delta Rail")
		return bulk(on.RegisterDevices(w.ctx, operatorFor(customer), app.RegisterDevices{
			Command: app.Command{ID: seed(round)}, Items: routers(2*round, 2), Atomic: true,
		}))
	})
}

func TestCrashesOfAtomicTransfer(t *testing.T) {
	t.Parallel()
	crashes(t, func(w *world, on *app.App, round int) error {
		reseller := w.fixed("North Radio")
		customer := w.fixed("Delta Rail")
		devices := []string{router(2 * round).SerialNumber, router(2*round + 1).SerialNumber}
		w.register(reseller, routers(2*round, 2)...)
		return bulk(on.TransferDevices(w.ctx, operator(), app.TransferDevices{
			Command: app.Command{ID: seed(round)}, From: reseller, To: customer, Devices: devices, Atomic: true,
		}))
	})
}

func TestCrashesOfRenameRetireAndClose(t *testing.T) {
	t.Parallel()
	crashes(t, func(w *world, on *app.App, round int) error {
		reseller := w.fixed("North Radio")
		w.register(reseller, router(round))
		serial, name := router(round).SerialNumber, fmt.Sprintf("renamed %d", round)
		id := func(n int) app.Command { return app.Command{ID: seed(1000*n + round)} }
		_, err := on.EditDevice(w.ctx, operator(), app.EditDevice{Command: id(1), Device: serial, Name: &name})
		if err != nil {
			return err
		}
		if _, err = on.RetireDevice(w.ctx, operator(), app.DeviceCommand{Command: id(2), Device: serial}); err != nil {
			return err
		}
		c := accountNamed(fmt.Sprintf("Short lived %d", round), account.Standard)
		c.Command = id(3)
		created, err := on.CreateAccount(w.ctx, operator(), c)
		if err != nil {
			return err
		}
		_, err = on.CloseAccount(w.ctx, operator(), created.UID, id(4), nil)
		return err
	})
}

// fixed opens an account once per world: a reseller, or the customer of North
// Radio.
func (w *world) fixed(name string) uuid.UUID {
	w.t.Helper()
	c := accountNamed(name, account.Reseller)
	c.ID = uuid.NewSHA1(uuid.Nil, []byte(name))
	if name == "North Radio" {
		created, err := w.CreateAccount(w.ctx, operator(), c)
		require.NoError(w.t, err)
		return created.UID
	}
	created, err := w.CreateCustomer(w.ctx, operatorFor(w.fixed("North Radio")), c)
	require.NoError(w.t, err)
	return created.UID
}

// bulk is an error unless every item was carried out.
func bulk(r app.BulkResult, err error) error {
	for _, item := range r.Results {
		if item.Outcome == app.OutcomeRefused {
			return fmt.Errorf("item %d: %s", item.Index, outcome(item))
		}
	}
	return err
}

// invariants checks the whole log: what is unique is unique, no reseller has
// more than its places, every reservation is had by its holder and the other
// way round, every customer is partnered, and no device is held.
func (w *world) invariants() {
	w.t.Helper()
	devices, accounts := map[uuid.UUID]device.State{}, map[uuid.UUID]account.State{}
	reserved := map[string]reservation.State{}
	batches := map[string]batch.State{}
	users := map[uuid.UUID]user.State{}
	partnered := map[uuid.UUID]bool{}
	for _, e := range w.everything() {
		kind, id, _ := strings.Cut(e.Stream, "-")
		switch kind {
		case "device":
			uid := uuid.MustParse(id)
			devices[uid] = device.Evolve(devices[uid], e.Event)
		case "account":
			uid := uuid.MustParse(id)
			accounts[uid] = account.Evolve(accounts[uid], e.Event)
		case "user":
			uid := uuid.MustParse(id)
			users[uid] = user.Evolve(users[uid], e.Event)
		case "reservation":
			reserved[e.Stream] = reservation.Evolve(reserved[e.Stream], e.Event)
		case "batch":
			batches[e.Stream] = batch.Evolve(batches[e.Stream], e.Event)
		}
	}
	for stream, b := range batches {
		require.Contains(w.t, []batch.Phase{batch.Completed, batch.Abandoned}, b.Phase, stream)
	}
	has := map[string][]uuid.UUID{}
	take := func(k reservation.Key, holder uuid.UUID) { has[k.Stream] = append(has[k.Stream], holder) }
	for uid, d := range devices {
		require.Equal(w.t, uuid.Nil, d.HeldBy, "device %s is held", uid)
		if !d.Exists() {
			continue
		}
		take(reservation.Unique(reservation.Factor, string(d.Factor.Kind)+":"+d.Factor.Value), uid)
		if d.LifeCycle == device.OutOfService {
			continue
		}
		_, name, _ := device.NormaliseName(d.Name)
		take(reservation.NameIn(d.Account, name), uid)
		if accounts[d.Account].Type == account.Reseller {
			take(reservation.PlacesOf(d.Account, 20), uid)
		}
	}
	for uid, u := range users {
		if u.Invitation.Number > 0 && u.Status != user.Revoked && !u.Erased {
			_, email, _ := account.NormaliseEmail(u.Person.Email)
			take(reservation.Unique(reservation.Email, email), uid)
		}
		if u.Status == user.Active || u.Status == user.Deactivated {
			require.Equal(w.t, accounts[u.Account].KeepsOut(uid), u.Status == user.Deactivated, "user %s", uid)
		}
	}
	for uid, a := range accounts {
		for _, p := range a.Administrators {
			require.Equal(w.t, user.Active, users[p.ID].Status, "administrator %s of %s", p.ID, uid)
		}
		require.Equal(w.t, a.Status == account.Activated, len(a.Administrators) > 0, "administrators of %s", uid)
		if a.Status == "" || a.Status == account.Closed {
			continue
		}
		_, name, _ := account.NormaliseName(a.Name)
		_, email, _ := account.NormaliseEmail(a.Administrator.Email)
		take(reservation.Unique(reservation.AccountName, name), uid)
		if a.Forgotten() {
			take(reservation.Key{Stream: a.EmailReservation}, uid)
		} else {
			take(reservation.Unique(reservation.Email, email), uid)
		}
		if a.Reseller != uuid.Nil {
			partnered[uid] = true
		}
	}
	for stream, holders := range has {
		if strings.HasPrefix(stream, "reservation-places-") {
			require.LessOrEqual(w.t, len(holders), 20, stream)
		} else {
			require.Len(w.t, holders, 1, stream)
		}
		for _, h := range holders {
			require.Contains(w.t, reserved[stream].Holders, h, "%s has what it did not reserve in %s", h, stream)
		}
	}
	for stream, s := range reserved {
		for h := range s.Holders {
			require.Contains(w.t, has[stream], h, "%s reserved in %s what it does not have", h, stream)
		}
	}
	for customer := range partnered {
		p := 0
		for range w.log.ReadStream(w.ctx, app.PartnershipStream(partnership.UID(accounts[customer].Reseller, customer)), 0) {
			p++
		}
		require.Positive(w.t, p, "customer %s has no partnership", customer)
	}
}
