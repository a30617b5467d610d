package device

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// ChangeOffer puts a device on another offer. Model is the device's, Owner the
// account that has it. AtOnce: the caller may do so without an order, as only
// the operator may. A renewal order may ask for it, too (Renew.Offer).
type ChangeOffer struct {
	Offer  catalogue.Offer
	Model  catalogue.Model
	Owner  Owner
	AtOnce bool
}

// DecideChangeOffer decides on an offer that the model supports and the account
// has. The term of the service stays. A device that runs on it is unchanged.
func DecideChangeOffer(s State, c ChangeOffer) ([]domain.Event, error) {
	events, err := change(s, s.Service.Offer == c.Offer, s.onOffer(c.Offer, uuid.Nil))
	if len(events) == 0 {
		return nil, err
	}
	problems := append(domain.ProblemsOf(err), c.refused()...)
	if !c.AtOnce {
		problems = append(problems, orderNeeded())
	}
	if len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	return events, nil
}

// refused is what stands against the offer itself.
func (c ChangeOffer) refused() []domain.Problem {
	if _, ok := c.Owner.offerFor(c.Model, c.Offer); ok && c.Offer != "" {
		return nil
	}
	return []domain.Problem{offerNotAvailable(c.Offer, c.Model, c.Owner.Offers, c.Owner.offerRemedies(c.Model, c.Offer)...)}
}

func (s State) onOffer(o catalogue.Offer, renewal uuid.UUID) OfferChanged {
	return OfferChanged{Device: s.UID, OldOffer: s.Service.Offer, NewOffer: o, Renewal: renewal}
}
