package access

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Device loads a device, named by uid or serial number, for what needs the right
// in its account; query.ErrNotFound when the caller does not see it.
func (r *Request) Device(ctx context.Context, name string, right rights.Right) (eventlog.Loaded[device.State], error) {
	uid, ok := device.Named(name)
	if !ok {
		return eventlog.Loaded[device.State]{}, query.ErrNotFound
	}
	l, err := eventlog.Load(ctx, r.Log, device.Aggregate, uid)
	if err != nil || !l.State.Exists() || !r.Caller.ActsFor(l.State.Account) {
		return l, OrNotFound(err)
	}
	set, err := r.In(ctx, l.State.Account)
	switch {
	case err != nil:
		return l, err
	case set.Has(right):
		return l, nil
	case set.Has(rights.DevicesRead):
		return l, r.forbidden(ctx, right, l.State.Account)
	}
	return l, query.ErrNotFound
}

// Owners are accounts as decisions about devices know them; the Status of one
// that does not exist is empty.
func (r *Request) Owners(ctx context.Context, uids []uuid.UUID) (map[uuid.UUID]device.Owner, error) {
	found, err := r.Accounts(ctx, uids)
	if err != nil {
		return nil, err
	}
	owners := make(map[uuid.UUID]device.Owner, len(found))
	for uid, s := range found {
		owners[uid] = device.Owner{UID: uid, Type: s.Type, Status: s.Status, Offers: s.Offers}
	}
	return owners, nil
}

// Sees tells in which accounts the caller sees devices; of those given it is
// known beforehand, of no others.
func (r *Request) Sees(ctx context.Context, accounts []uuid.UUID) (func(account uuid.UUID) bool, error) {
	sets, err := r.inEach(ctx, accounts)
	return func(uid uuid.UUID) bool { return sets[uid].Has(rights.DevicesRead) }, err
}

// inEach is In for several accounts.
func (r *Request) inEach(ctx context.Context, accounts []uuid.UUID) (map[uuid.UUID]rights.Set, error) {
	accounts = slices.Clone(accounts)
	slices.SortFunc(accounts, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	accounts = slices.Compact(accounts)
	err := r.forEach(ctx, accounts, func(ctx context.Context, uid uuid.UUID) error {
		_, err := r.In(ctx, uid)
		return err
	})
	sets := make(map[uuid.UUID]rights.Set, len(accounts))
	for _, uid := range accounts {
		if err == nil {
			sets[uid], err = r.In(ctx, uid) // known by now
		}
	}
	return sets, err
}

// Partnered reports whether two accounts have a partnership, whichever of them
// is the reseller.
func (r *Request) Partnered(ctx context.Context, a, b device.Owner) (bool, error) {
	for _, pair := range [][2]device.Owner{{a, b}, {b, a}} {
		if !pair[0].Reseller() {
			continue
		}
		p, err := r.partnership(ctx, pair[0].UID, pair[1].UID)
		if err != nil || p.ActiveAt(r.Clock.Now()) {
			return err == nil, err
		}
	}
	return false, nil
}
