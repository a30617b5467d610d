package renewals

import (
	"context"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Align finds the day to align to among the named devices, where the alignment
// needs one. An order that is carried out in parts is aligned before, since no
// part sees all devices.
func (s *Service) Align(ctx context.Context, caller access.Caller, to device.Alignment, names []string) (device.Alignment, error) {
	if !to.NeedsSelection() {
		return to, nil
	}
	selected, err := s.access.Request(caller).Select(ctx, names)
	return align(to, selected, calendar.DateOf(s.executor.Clock.Now())), err
}

// align finds the day to align to among the devices that the caller may order
// for; others tell nothing.
func align(to device.Alignment, selected access.Selection, today calendar.Date) device.Alignment {
	if !to.NeedsSelection() {
		return to
	}
	var ends []device.Allocation
	for s := range selected.States() {
		if s.LifeCycle != device.OutOfService && selected.Sees(s.Account) && selected.Caller.ActsFor(s.Account) {
			ends = append(ends, s.Allocation())
		}
	}
	return to.Among(ends, today)
}
