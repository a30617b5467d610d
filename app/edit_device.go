package app

import (
	"context"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// EditDevice renames and relabels a device. It needs devices.edit.
func (a *App) EditDevice(ctx context.Context, caller access.Caller, c EditDevice) (Written, error) {
	var invalid, p []domain.Problem
	var name string
	var labels []string
	if c.Name != nil {
		name, _, p = device.NormaliseName(*c.Name)
		invalid = append(invalid, at("/name", p)...)
	}
	if c.Labels != nil {
		labels, p = device.NormaliseLabels(*c.Labels)
		invalid = append(invalid, at("/labels", p)...)
	}
	if len(invalid) > 0 {
		return Written{}, domain.Refuse(invalid...)
	}
	w := a.write(caller, c.Command)
	return a.oneDevice(ctx, caller, c.Device, rights.DevicesEdit, w, c.IfRevision, func(ch *change[device.State]) {
		ch.decide = func(s device.State) (events []domain.Event, problems []domain.Problem) {
			if c.Name != nil {
				events, problems = device.DecideRename(s, name)
			}
			if c.Labels != nil && len(problems) == 0 {
				var relabelled []domain.Event
				relabelled, problems = device.DecideRelabel(s, labels)
				events = append(events, relabelled...)
			}
			return events, problems
		}
		ch.wants = func(s device.State) []want {
			if c.Name == nil || deviceNameKey(s.Account, s.Name) == deviceNameKey(s.Account, name) {
				return nil
			}
			return []want{wantsName(s.Account, name)}
		}
	})
}

// SuspendDevice stops a device's use for a while. It needs devices.edit.
func (a *App) SuspendDevice(ctx context.Context, caller access.Caller, c DeviceCommand) (Written, error) {
	return a.lifeCycle(ctx, caller, c, rights.DevicesEdit, device.DecideSuspend)
}

// ResumeDevice ends a suspension. It needs devices.edit.
func (a *App) ResumeDevice(ctx context.Context, caller access.Caller, c DeviceCommand) (Written, error) {
	return a.lifeCycle(ctx, caller, c, rights.DevicesEdit, device.DecideResume)
}

// RetireDevice takes a device out of service for good, which frees its name and
// its place. It needs devices.retire.
func (a *App) RetireDevice(ctx context.Context, caller access.Caller, c DeviceCommand) (Written, error) {
	return a.lifeCycle(ctx, caller, c, rights.DevicesRetire, device.DecideRetire)
}

func (a *App) lifeCycle(ctx context.Context, caller access.Caller, c DeviceCommand, right rights.Right,
	decide func(device.State, string) ([]domain.Event, []domain.Problem),
) (Written, error) {
	w := a.write(caller, c.Command)
	return a.oneDevice(ctx, caller, c.Device, right, w, c.IfRevision, func(ch *change[device.State]) {
		ch.decide = func(s device.State) ([]domain.Event, []domain.Problem) { return decide(s, c.Reason) }
	})
}

// GrantAllocation lets a device run until a date. It is the operator's.
func (a *App) GrantAllocation(ctx context.Context, caller access.Caller, c GrantAllocation) (Written, error) {
	if err := operatorOnly(caller, rights.AllocationsGrant); err != nil {
		return Written{}, err
	}
	w := a.write(caller, c.Command)
	return a.oneDevice(ctx, caller, c.Device, rights.AllocationsGrant, w, nil, func(ch *change[device.State]) {
		ch.decide = func(s device.State) ([]domain.Event, []domain.Problem) {
			return device.DecideGrant(s, device.Grant{
				ID: w.command.ID, Term: c.Term, Until: c.Until, Reason: c.Reason, Today: w.today(),
			})
		}
	})
}
