package devices

import (
	"context"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// LifeCycle is to suspend, resume or retire a device. IfRevision nil: no
// expectation.
type LifeCycle struct {
	command.Command
	Device     string // uid or serial number
	IfRevision *eventlog.Revision
}

// Suspend stops a device's use for a while. It needs devices.edit in the device's
// account. Errors are those of Edit.
func (s *Service) Suspend(ctx context.Context, caller access.Caller, c LifeCycle) (command.Receipt, error) {
	return s.lifeCycle(ctx, caller, c, rights.DevicesEdit, device.DecideSuspend)
}

// Resume ends a suspension. It needs devices.edit in the device's account. Errors
// are those of Edit.
func (s *Service) Resume(ctx context.Context, caller access.Caller, c LifeCycle) (command.Receipt, error) {
	return s.lifeCycle(ctx, caller, c, rights.DevicesEdit, device.DecideResume)
}

// Retire takes a device out of service for good, which frees its name and its
// place. It needs devices.retire in the device's account. Errors are those of
// Edit.
func (s *Service) Retire(ctx context.Context, caller access.Caller, c LifeCycle) (command.Receipt, error) {
	return s.lifeCycle(ctx, caller, c, rights.DevicesRetire, device.DecideRetire)
}

func (s *Service) lifeCycle(ctx context.Context, caller access.Caller, c LifeCycle, right rights.Right,
	decide func(s device.State, reason string) ([]domain.Event, error),
) (command.Receipt, error) {
	on := onDevice{name: c.Device, right: right, ifRevision: c.IfRevision}
	return s.decideOn(ctx, caller, c.Command, on, func(d device.State) ([]domain.Event, error) {
		return decide(d, c.Reason)
	})
}
