package access

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Selection is the devices that a request names, and what the caller may do in
// the accounts that have them. All of it is read before the first decision, since
// a decision reads nothing; a device may have moved by then.
type Selection struct {
	Caller Caller

	devices map[uuid.UUID]eventlog.Loaded[device.State]
	rights  map[uuid.UUID]rights.Set
}

// Select loads the named devices, each once, and finds the caller's rights in
// their accounts and in those given besides. A name that no device can have is
// passed over.
func (r *Request) Select(ctx context.Context, names []string, accounts ...uuid.UUID) (Selection, error) {
	s := Selection{Caller: r.Caller, devices: map[uuid.UUID]eventlog.Loaded[device.State]{}}
	for _, name := range names {
		if uid, ok := device.Named(name); ok {
			s.devices[uid] = eventlog.Loaded[device.State]{}
		}
	}
	var mu sync.Mutex
	err := r.forEach(ctx, slices.Collect(maps.Keys(s.devices)), func(ctx context.Context, uid uuid.UUID) error {
		l, err := eventlog.Load(ctx, r.Log, device.Aggregate, uid)
		mu.Lock()
		defer mu.Unlock()
		s.devices[uid] = l
		return err
	})
	if err != nil {
		return s, err
	}
	accounts = slices.Clip(accounts)
	for d := range s.States() {
		accounts = append(accounts, d.Account)
	}
	s.rights, err = r.inEach(ctx, accounts)
	return s, err
}

// Device is the subject of a command on a device: as it was loaded, if it was
// named.
func (s Selection) Device(uid uuid.UUID) command.Subject[device.State] {
	if l, named := s.devices[uid]; named {
		return command.Loaded(device.Aggregate, l)
	}
	return command.On(device.Aggregate, uid)
}

// States are the named devices that exist.
func (s Selection) States() iter.Seq[device.State] {
	return func(yield func(device.State) bool) {
		for _, l := range s.devices {
			if l.State.Exists() && !yield(l.State) {
				return
			}
		}
	}
}

// In is what the caller may do in an account. It is not known of an account that
// had none of the devices and was not given; the operator's rights are known.
func (s Selection) In(account uuid.UUID) (set rights.Set, known bool) {
	if s.Caller.Operator() {
		return rights.Operator(), true
	}
	set, known = s.rights[account]
	return set, known
}

// Sees tells whether the caller sees the devices of an account, as far as that is
// known.
func (s Selection) Sees(account uuid.UUID) bool {
	set, _ := s.In(account)
	return set.Has(rights.DevicesRead)
}
