package app

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// deviceChange is a change of one device, without wants.
func deviceChange(uid uuid.UUID, decide func(device.State) ([]domain.Event, []domain.Problem)) change[device.State] {
	return change[device.State]{
		stream:  eventlog.DeviceStream(uid),
		holder:  uid,
		initial: device.State{UID: uid},
		evolve:  device.Evolve,
		decide:  decide,
		has:     reservationsOfDevice,
	}
}

// reservationsOfDevice are those that a device in this state has a right to. A
// retired one keeps its factor and frees its name and place.
func reservationsOfDevice(s device.State) []reservation.Key {
	if !s.Exists() {
		return nil
	}
	keys := []reservation.Key{factorKey(s.Factor)}
	if s.LifeCycle == device.OutOfService {
		return keys
	}
	keys = append(keys, deviceNameKey(s.Account, s.Name))
	if s.Service.AutoRenew { // only in a reseller's account
		keys = append(keys, reservation.PlacesOf(s.Account, 0))
	}
	return keys
}

func factorKey(f device.Factor) reservation.Key {
	return reservation.Unique(reservation.Factor, string(f.Kind)+":"+f.Value)
}

func deviceNameKey(owner uuid.UUID, name string) reservation.Key {
	_, key, _ := device.NormaliseName(name) // it was valid when it was given
	return reservation.NameIn(owner, key)
}

// wantsPlace is a place in the account, when it is a reseller's.
func (a *App) wantsPlace(o device.Owner) []want {
	if !o.Reseller() {
		return nil
	}
	return []want{{
		key: reservation.PlacesOf(o.UID, a.rules.Places), account: o.UID, taken: device.LimitReached(a.rules.Places),
	}}
}

func wantsName(owner uuid.UUID, name string) want {
	return want{key: deviceNameKey(owner, name), account: owner, taken: device.NameTaken(name)}
}

func wantsFactor(owner uuid.UUID, f device.Factor) want {
	return want{key: factorKey(f), account: owner, taken: device.FactorTaken(f)}
}

// deviceUID finds the uid of a device that is named by uid or serial number.
func deviceUID(name string) (uuid.UUID, bool) {
	if len(name) == 36 {
		uid, err := uuid.Parse(name)
		return uid, err == nil
	}
	serial, problems := device.NormaliseSerial(name)
	return device.UID(serial), len(problems) == 0
}

// findDevice loads a device for a command that needs the right in its account.
func (a *App) findDevice(ctx context.Context, x *requestAccess, name string, right rights.Right) (loaded[device.State], error) {
	uid, ok := deviceUID(name)
	if !ok {
		return loaded[device.State]{}, query.ErrNotFound
	}
	l, err := load(ctx, a.log, eventlog.DeviceStream(uid), device.State{UID: uid}, device.Evolve)
	if err != nil || !l.state.Exists() || !x.actsFor(l.state.Account) {
		return l, orNotFound(err)
	}
	set, err := x.in(ctx, l.state.Account)
	switch {
	case err != nil:
		return l, err
	case set.Has(right):
		return l, nil
	case set.Has(rights.DevicesRead):
		return l, &access.Forbidden{Right: right, Account: l.state.Account}
	}
	return l, query.ErrNotFound
}

// oneDevice carries out a command on one device. The right was checked in the
// account that has the device; should it move meanwhile, the command is refused.
func (a *App) oneDevice(ctx context.Context, caller access.Caller, name string, right rights.Right, w write, ifRevision *eventlog.Revision,
	fill func(*change[device.State]),
) (Written, error) {
	if err := w.command.check(); err != nil {
		return Written{}, err
	}
	x := a.access(caller)
	l, err := a.findDevice(ctx, x, name, right)
	if err != nil {
		return Written{}, err
	}
	if err := x.open(ctx, right); err != nil {
		return Written{}, err
	}
	ch := deviceChange(l.state.UID, nil)
	ch.ifRevision = ifRevision
	fill(&ch)
	decide := ch.decide
	ch.decide = func(s device.State) ([]domain.Event, []domain.Problem) {
		if s.Account != l.state.Account {
			return nil, []domain.Problem{device.Busy()}
		}
		return decide(s)
	}
	r, err := carryOut(ctx, a, w, ch)
	if err != nil {
		return Written{}, err
	}
	return r.written(l.state.UID)
}

// owners loads accounts at once; one that does not exist has an empty status.
func (a *App) owners(ctx context.Context, uids []uuid.UUID) (map[uuid.UUID]device.Owner, error) {
	slices.SortFunc(uids, compareUIDs)
	uids = slices.Compact(uids)
	found := make([]account.State, len(uids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for i, uid := range uids {
		g.Go(func() (err error) {
			found[i], err = a.account(ctx, uid)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	owners := make(map[uuid.UUID]device.Owner, len(uids))
	for i, s := range found {
		owners[uids[i]] = device.Owner{UID: uids[i], Type: s.Type, Status: s.Status, Offers: s.Offers}
	}
	return owners, nil
}

func compareUIDs(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }
