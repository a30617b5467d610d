package app_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/batch"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/user"
)

// folded is the whole log, folded.
type folded struct {
	devices      map[uuid.UUID]device.State
	accounts     map[uuid.UUID]account.State
	users        map[uuid.UUID]user.State
	partnerships map[uuid.UUID]partnership.State
	releases     map[uuid.UUID]release.State // by owner
	reserved     map[string]reservation.State
	batches      map[uuid.UUID]batch.State
	orders       map[uuid.UUID]order.State
	ids          map[uuid.UUID]bool   // of all events
	erased       map[uuid.UUID]bool   // persons
	times        map[string]time.Time // of the last events, by stream
	position     eventlog.Position
}

// fold folds what has come since it was called last.
func (w *world) fold() folded {
	w.t.Helper()
	if w.folded.devices == nil {
		w.folded = newFolded()
	}
	for _, e := range w.after(w.folded.position, allStreams...) {
		require.False(w.t, w.folded.ids[e.ID], "an event twice: %s %s", e.Stream, e.Event.EventType())
		if at := e.Metadata.OccurredAt; !at.IsZero() && !strings.HasPrefix(e.Stream, "reservation-") && !strings.HasPrefix(e.Stream, "reserved-") {
			require.False(w.t, at.Before(w.folded.times[e.Stream]), "before the event before it: %s %s", e.Stream, e.Event.EventType())
			w.folded.times[e.Stream] = at
		}
		w.folded.add(e)
		w.folded.position = e.Position
	}
	return w.folded
}

func newFolded() folded {
	return folded{
		devices: map[uuid.UUID]device.State{}, accounts: map[uuid.UUID]account.State{}, users: map[uuid.UUID]user.State{},
		partnerships: map[uuid.UUID]partnership.State{}, releases: map[uuid.UUID]release.State{},
		reserved: map[string]reservation.State{}, batches: map[uuid.UUID]batch.State{}, orders: map[uuid.UUID]order.State{},
		ids: map[uuid.UUID]bool{}, erased: map[uuid.UUID]bool{}, times: map[string]time.Time{},
	}
}

func (f folded) add(e eventlog.Recorded) {
	f.ids[e.ID] = true
	kind, id, _ := strings.Cut(e.Stream, "-")
	if kind == "reservation" || kind == "reserved" {
		f.reserved[e.Stream] = reservation.Evolve(f.reserved[e.Stream], e.Event, int64(e.Revision))
		return
	}
	uid := uuid.MustParse(id)
	switch kind {
	case "device":
		s, ok := f.devices[uid]
		if !ok {
			s.UID = uid
		}
		f.devices[uid] = device.Evolve(s, e.Event)
	case "account":
		f.accounts[uid] = account.Evolve(f.accounts[uid], e.Event)
	case "user":
		f.users[uid] = user.Evolve(f.users[uid], e.Event)
	case "partnership":
		f.partnerships[uid] = partnership.Evolve(f.partnerships[uid], e.Event)
	case "releases":
		f.releases[uid] = release.Evolve(f.releases[uid], e.Event)
	case "renewalorder":
		f.orders[uid] = order.Evolve(f.orders[uid], e.Event)
	case "batch":
		f.batches[uid] = batch.Evolve(f.batches[uid], e.Event)
	}
	switch event := e.Event.(type) {
	case account.PersonErased:
		f.erased[event.Person] = true
	case user.UserErased:
		f.erased[event.User] = true
	}
}

// ordersFit checks that nothing is left approved, and that an order says of its
// devices what their own streams say.
func (w *world) ordersFit(f folded) {
	w.t.Helper()
	for uid, o := range f.orders {
		require.Empty(w.t, o.Approved(), "order %s", uid)
		for _, d := range o.Devices {
			of := f.devices[d.Device]
			require.Equal(w.t, slices.Contains(of.Reversed, uid), d.Status == order.Reversed, "order %s of %s", uid, d.SerialNumber)
			if of.WasRenewedBy(uid) {
				require.Contains(w.t, []order.Status{order.Applied, order.Reversed}, d.Status, "order %s of %s", uid, d.SerialNumber)
			}
		}
	}
}

// invariants checks the whole log after the finisher has come to rest: what is
// unique is unique, no reseller has more than its places, every reservation is
// had by its holder and the other way round, every customer was partnered,
// batches were carried out on all devices or on none and hold none any more,
// what was granted was released, and who was erased has no key.
func (w *world) invariants() {
	w.t.Helper()
	f := w.fold()
	w.reservationsFit(f.reserved, f.holdings(w.names))
	w.peopleFit(f)
	w.ordersFit(f)
	for uid, b := range f.batches {
		require.Contains(w.t, []batch.Phase{batch.Completed, batch.Abandoned}, b.Phase, "batch %s", uid)
		appended := map[bool]int{} // by the command's repeat, if the batch was abandoned
		for _, c := range b.Changes {
			for _, e := range c.Events {
				appended[f.ids[e.ID]]++
			}
		}
		require.False(w.t, appended[false] > 0 && (appended[true] > 0 || b.Phase == batch.Completed), "batch %s is %s, but %v", uid, b.Phase, appended)
	}
	for uid, d := range f.devices {
		require.Equal(w.t, uuid.Nil, d.HeldBy, "device %s is held", uid)
	}
	for uid, a := range f.accounts {
		if a.Exists() && a.Reseller != uuid.Nil {
			require.Contains(w.t, f.partnerships, partnership.UID(a.Reseller, uid), "customer %s has no partnership", uid)
		}
	}
	for owner, s := range f.releases {
		for _, r := range s.Requests {
			d := f.devices[r.Device]
			// One that has moved meanwhile is held by nothing that was granted before; one
			// granted by itself may have come back into service first.
			if r.Answer == release.Granted && !r.ByItself && d.Account == owner && d.Moved == nil {
				require.Contains(w.t, d.Releases, r.Request, "request %s was granted", r.Request)
			}
		}
	}
}

// holdings are the holders of what has to be reserved, by the streams of the
// reservations.
func (f folded) holdings(names reservation.Names) map[string][]uuid.UUID {
	has := map[string][]uuid.UUID{}
	take := func(k reservation.Key, holder uuid.UUID) {
		stream := names.Keyed(k.Stream)
		has[stream] = append(has[stream], holder)
	}
	email := func(p account.Person) reservation.Key {
		_, key, _ := account.NormaliseEmail(p.Email)
		return reservation.Unique(reservation.Email, key)
	}
	for uid, d := range f.devices {
		if !d.Exists() {
			continue
		}
		take(reservation.Unique(reservation.Factor, string(d.Factor.Kind)+":"+d.Factor.Value), uid)
		if d.LifeCycle == device.OutOfService {
			continue
		}
		_, name, _ := device.NormaliseName(d.Name)
		take(reservation.NameIn(d.Account, name), uid)
		if f.accounts[d.Account].Type == account.Reseller {
			take(reservation.PlacesOf(d.Account, 20), uid)
		}
	}
	for uid, o := range f.orders {
		for _, d := range o.Devices {
			if o.OrderNumber != "" && (d.Status == order.Ordered || d.Status == order.Applied) {
				take(reservation.OrderNumberOf(d.Device, order.NumberKey(o.OrderNumber)), uid)
			}
		}
	}
	for uid, u := range f.users {
		if (u.Invitation.Number > 0 || u.OwnEmail) && u.Status != user.Revoked && !u.Erased {
			take(email(u.Person), uid)
		}
		if u.Wanted != "" {
			take(email(account.Person{Email: u.Wanted}), uid)
		}
	}
	for uid, a := range f.accounts {
		if !a.Exists() || a.Status == account.Closed && a.Closing == account.Pending {
			continue
		}
		_, name, _ := account.NormaliseName(a.Name)
		take(reservation.Unique(reservation.AccountName, name), uid)
		if a.EmailElsewhere {
			continue
		}
		if a.Forgotten() {
			take(reservation.Key{Stream: a.EmailReservation}, uid)
		} else {
			take(email(a.Administrator), uid)
		}
	}
	return has
}

func (w *world) reservationsFit(reserved map[string]reservation.State, has map[string][]uuid.UUID) {
	w.t.Helper()
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
}

// peopleFit checks that users are what their accounts say, and that nothing is
// left of those who were erased.
func (w *world) peopleFit(f folded) {
	w.t.Helper()
	for uid, u := range f.users {
		if u.Status == user.Active || u.Status == user.Deactivated {
			require.Equal(w.t, f.accounts[u.Account].KeepsOut(uid), u.Status == user.Deactivated, "user %s", uid)
		}
		if f.erased[uid] {
			require.True(w.t, u.Erased || u.Status == "", "user %s was erased elsewhere", uid)
		}
	}
	for uid, a := range f.accounts {
		for _, p := range a.Administrators {
			require.Equal(w.t, user.Active, f.users[p.ID].Status, "administrator %s of %s", p.ID, uid)
			require.Equal(w.t, f.erased[p.ID], p.IsErased(), "administrator %s of %s", p.ID, uid)
			require.Equal(w.t, f.users[p.ID].Person, p, "administrator %s of %s", p.ID, uid)
		}
		if a.Exists() && !a.NeverActivated() {
			require.NotEmpty(w.t, a.Administrators, "administrators of %s", uid)
		}
	}
	for person := range f.erased {
		require.True(w.t, w.keyOf(person).Erased, "the key of %s, who was erased", person)
	}
}

// fixed opens an account once per world: a reseller, or Delta Rail, the customer
// of North Radio.
func (w *world) fixed(name string) uuid.UUID {
	w.t.Helper()
	c := accountNamed(name, account.Reseller)
	c.ID = uuid.NewSHA1(uuid.Nil, []byte(name))
	if name != "Delta Rail" {
		created, err := w.Accounts.Create(w.ctx, operator(), c)
		require.NoError(w.t, err)
		return created.UID
	}
	created, err := w.Accounts.CreateCustomer(w.ctx, operatorFor(w.fixed("North Radio")), c)
	require.NoError(w.t, err)
	return created.UID
}

// bulk is an error unless every item was carried out.
func bulk(r command.BulkResult, err error) error {
	for _, item := range r.Results {
		if item.Outcome == domain.OutcomeRefused {
			return fmt.Errorf("item %d: %s", item.Index, outcome(item))
		}
	}
	return err
}
