package renewals

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// offering is what decides whether devices may run on another offer: the models in
// force and the accounts that have the devices. An order without an offer reads none
// of it.
type offering struct {
	offer   catalogue.Offer
	inForce catalogues.InForce
	owners  map[uuid.UUID]device.Owner
}

func (s *Service) offering(ctx context.Context, req *access.Request, offer catalogue.Offer, accounts []uuid.UUID) (o offering, err error) {
	if o.offer = offer; offer == "" {
		return o, nil
	}
	if o.inForce, err = s.catalogue.InForce(ctx); err != nil {
		return o, err
	}
	o.owners, err = req.Owners(ctx, accounts)
	return o, err
}

// renew decides a renewal of a device, with what it needs for another offer.
func (o offering) renew(d device.State, c device.Renew) (device.Renew, error) {
	if o.offer == "" {
		return c, nil
	}
	owner, known := o.owners[d.Account]
	if d.Exists() && !known { // it has moved since the accounts were read
		return c, domain.Refuse(device.Busy())
	}
	c.Offer, c.Owner = o.offer, owner
	c.Model, _ = o.inForce.Model(d.Model) // one that no longer exists supports no offer
	return c, nil
}
