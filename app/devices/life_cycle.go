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

// Retire takes a device out of service, which frees its name and its place, until
// Reinstate. It needs devices.retire in the device's account. Errors are those of
// Edit.
func (s *Service) Retire(ctx context.Context, caller access.Caller, c LifeCycle) (command.Receipt, error) {
	return s.lifeCycle(ctx, caller, c, rights.DevicesRetire, device.DecideRetire)
}

// Reinstate takes a retired device back into service. Name empty: that of before.
type Reinstate struct {
	LifeCycle
	Name string
}

// Reinstate takes a device that was retired by mistake back into service in its
// account, where its name must be free, and a place. It needs devices.retire there.
// Errors are those of Edit.
func (s *Service) Reinstate(ctx context.Context, caller access.Caller, c Reinstate) (command.Receipt, error) {
	reinstate := device.Reinstate{Reason: c.Reason}
	if c.Name != "" {
		name, _, problems := device.NormaliseName(c.Name)
		if len(problems) > 0 {
			return command.Receipt{}, domain.Refuse(domain.At("/name", problems)...)
		}
		reinstate.Name = name
	}
	return s.lifeCycle(ctx, caller, c.LifeCycle, rights.DevicesRetire, func(d device.State, _ string) ([]domain.Event, error) {
		return device.DecideReinstate(d, reinstate)
	})
}

func (s *Service) lifeCycle(ctx context.Context, caller access.Caller, c LifeCycle, right rights.Right,
	decide func(s device.State, reason string) ([]domain.Event, error),
) (command.Receipt, error) {
	on := onDevice{name: c.Device, right: right, ifRevision: c.IfRevision}
	return s.decideOn(ctx, caller, c.Command, on, func(d device.State) ([]domain.Event, error) {
		return decide(d, c.Reason)
	})
}
