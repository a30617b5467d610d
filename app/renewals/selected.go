package renewals

import (
	"slices"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// items are those of a request to renew devices, or to take that back: each
// device once, and only as far as the caller may renew it.
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
		all[i].Device, all[i].Decide = selected.Device(uid), ifRenewable(selected, decide)
	}
	return all
}

// ifRenewable is a decision on a device that the caller sees. Without
// devices.renew in its account it is refused, with the problems of the decision
// besides.
func ifRenewable(selected access.Selection, decide command.Decide[device.State]) command.Decide[device.State] {
	return func(s device.State) ([]domain.Event, error) {
		set, known := selected.In(s.Account)
		switch {
		case !s.Exists() || !selected.Caller.ActsFor(s.Account):
			return nil, domain.Refuse(device.NotFound())
		case !known: // it has moved since the request began
			return nil, domain.Refuse(device.Busy())
		case !set.Has(rights.DevicesRead) && !set.Has(rights.DevicesRenew):
			return nil, domain.Refuse(device.NotFound())
		}
		events, err := decide(s)
		if !set.Has(rights.DevicesRenew) {
			missing := device.MissingRight(string(rights.DevicesRenew), s.Account)
			return nil, domain.Refuse(append(slices.Clip(domain.ProblemsOf(err)), missing)...)
		}
		return events, err
	}
}
