package device

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// Release lets another account have the device. Owner is the account that
// grants it.
type Release struct {
	Request   uuid.UUID
	Owner, To uuid.UUID
}

// DecideRelease decides a release. A device that is the other account's already
// is unchanged.
func DecideRelease(s State, c Release) ([]domain.Event, []domain.Problem) {
	done := Released{Request: c.Request, To: c.To}
	switch {
	case s.Exists() && (s.Account == c.To || s.Released == done):
		return nil, nil
	case !s.Exists() || s.Account != c.Owner:
		return nil, []domain.Problem{problem(CodeNotInSource, "The device is not in the account any more.", nil, checkSource)}
	}
	return change(s, false, OwnershipReleased{Device: s.UID, Request: c.Request, To: c.To})
}

// TakenOverBy reports whether the account may register the device for itself.
func (s State) TakenOverBy(owner uuid.UUID) bool {
	return s.Released.To == owner && owner != uuid.Nil && s.Account != owner
}

// takeOver registers a device that was released for the account.
func takeOver(s State, c Register, problems []domain.Problem) ([]domain.Event, []domain.Problem) {
	t := Transfer{ID: s.Released.Request, To: c.Owner, Model: c.Model, Today: c.Today, Rules: c.Rules}
	switch {
	case s.LifeCycle == OutOfService:
		return nil, append(problems, retired())
	case s.Factor != c.Factor:
		return nil, append(problems, again(State{Account: c.Owner.UID, Factor: s.Factor}, c)...)
	}
	if c.ICCID != "" && !c.Owner.Reseller() {
		problems = append(problems, problem(CodeSIMNotAllowed, "A device is taken over without a SIM.", nil, removeSIM))
	}
	if c.Owner.Status == account.Closed {
		problems = append(problems, targetClosed())
	}
	offer, ok := c.Owner.offerFor(c.Model, c.Offer)
	if !ok {
		problems = append(problems, offerNotAvailable(c.Offer, c.Model, c.Owner.Offers, chooseOffer, addOffer))
	}
	service, consumed, refused := t.service(s)
	if problems = append(problems, refused...); len(problems) > 0 {
		return nil, problems
	}
	service.Offer = offer
	e := t.event(s, service, consumed)
	e.From, e.Name = s.Account, c.Name
	if e.Name == "" {
		e.Name = s.SerialNumber
	}
	events := []domain.Event{e}
	if !slices.Equal(s.Labels, c.Labels) {
		events = append(events, Relabelled{Device: s.UID, OldLabels: s.Labels, NewLabels: c.Labels})
	}
	return events, nil
}
