package renewals

import (
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// items are those of a request about renewals of devices: each device once, and
// only as far as the caller sees it.
func items(selected access.Selection, names []string, decide command.Decide[device.State]) []command.Item {
	all, seen := make([]command.Item, len(names)), command.Duplicates{}
	for i, name := range names {
		all[i].Name = name
		uid, ok := device.Named(name)
		if !ok {
			all[i].Problems = []domain.Problem{device.NotFound()}
			continue
		}
		all[i].Problems = seen.Check(uid)
		all[i].Device, all[i].Decide = selected.Device(uid), ifSeen(selected, decide)
	}
	return all
}

// ifSeen is a decision on a device that the caller sees.
func ifSeen(selected access.Selection, decide command.Decide[device.State]) command.Decide[device.State] {
	return func(s device.State) ([]domain.Event, error) {
		set, known := selected.In(s.Account)
		switch {
		case !s.Exists() || !selected.Caller.ActsFor(s.Account):
			return nil, domain.Refuse(device.NotFound())
		case !known: // it has moved since the request began
			return nil, domain.Refuse(device.Busy())
		case !set.Has(rights.DevicesRead):
			return nil, domain.Refuse(device.NotFound())
		}
		return decide(s)
	}
}
