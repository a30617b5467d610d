package devices

import (
	"context"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Edit changes what is not nil. IfRevision nil: no expectation.
type Edit struct {
	command.Command
	Device     string // uid or serial number
	Name       *string
	Labels     *[]string
	ICCID      *string         // empty takes the SIM away
	Offer      catalogue.Offer // empty: as it is
	IfRevision *eventlog.Revision
}

// Edit changes a device's name, labels, SIM and offer, all or nothing. It needs
// devices.edit in the device's account; the offer is the operator's to change,
// others order it. A name that another device of the account has is a refusal,
// as is what the rules do not allow; a device that the caller does not see is
// query.ErrNotFound, one at another revision command.ErrPrecondition.
func (s *Service) Edit(ctx context.Context, caller access.Caller, c Edit) (command.Receipt, error) {
	edit, problems := c.normalised()
	if len(problems) > 0 {
		return command.Receipt{}, domain.Refuse(problems...)
	}
	on := onDevice{name: c.Device, right: rights.DevicesEdit, ifRevision: c.IfRevision}
	if c.Offer != "" {
		inForce, err := s.catalogue.InForce(ctx)
		if err != nil {
			return command.Receipt{}, err
		}
		on.inAccount = func(d device.State, owner device.Owner) {
			model, _ := inForce.Model(d.Model) // one that no longer exists supports no offer
			edit.Offer = &device.ChangeOffer{Offer: c.Offer, Model: model, Owner: owner, AtOnce: caller.Operator()}
		}
	}
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
	if c.ICCID != nil {
		iccid, p := device.NormaliseICCID(*c.ICCID)
		problems = append(problems, domain.At("/iccid", p)...)
		edit.ICCID = &iccid
	}
	if c.Offer != "" && !c.Offer.Valid() {
		problems = append(problems, domain.At("/offer", []domain.Problem{catalogue.OfferInvalid()})...)
	}
	return edit, problems
}
