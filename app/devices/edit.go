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

// Edit changes what is not nil. IfRevision nil: no expectation.
type Edit struct {
	command.Command
	Device     string // uid or serial number
	Name       *string
	Labels     *[]string
	IfRevision *eventlog.Revision
}

// Edit renames and relabels a device, both or none. It needs devices.edit in the
// device's account. A name that another device of the account has is a refusal,
// as is what the rules do not allow; a device that the caller does not see is
// query.ErrNotFound, one at another revision command.ErrPrecondition.
func (s *Service) Edit(ctx context.Context, caller access.Caller, c Edit) (command.Receipt, error) {
	edit, problems := c.normalised()
	if len(problems) > 0 {
		return command.Receipt{}, domain.Refuse(problems...)
	}
	on := onDevice{name: c.Device, right: rights.DevicesEdit, ifRevision: c.IfRevision}
	return s.decideOn(ctx, caller, c.Command, on, func(d device.State) ([]domain.Event, error) {
		return device.DecideEdit(d, edit)
	})
}

func (c Edit) normalised() (device.Edit, []domain.Problem) {
	var edit device.Edit
	var problems []domain.Problem
	if c.Name != nil {
		name, _, p := device.NormaliseName(*c.Name)
		problems = append(problems, domain.At("/name", p)...)
		edit.Name = &name
	}
	if c.Labels != nil {
		labels, p := device.NormaliseLabels(*c.Labels)
		problems = append(problems, domain.At("/labels", p)...)
		edit.Labels = &labels
	}
	return edit, problems
}
