package device

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// Owner is what a decision needs to know of an account. Status is pending,
// active or closed.
type Owner struct {
	UID    uuid.UUID
	Type   account.Type
	Status account.Status
	Offers []catalogue.Offer
}

// Reseller reports whether the account is a reseller's.
func (o Owner) Reseller() bool { return o.Type == account.Reseller }

// has reports whether the account has the offer.
func (o Owner) has(offer catalogue.Offer) bool { return slices.Contains(o.Offers, offer) }

// Register registers a device. Serial number, factor, name and labels are
// normalised, the model is that of the serial number. An empty Name is the
// serial number; an empty Offer the default, see Owner.offerFor.
type Register struct {
	SerialNumber string
	Factor       Factor
	Model        catalogue.Model
	Name         string
	Labels       []string
	Offer        catalogue.Offer
	ICCID        string
	OrderNumber  string
	Owner        Owner
	Today        calendar.Date
	Rules        Rules
}

// DecideRegister decides a registration. A device that the owner has already,
// with the same factor, is unchanged. Of a device in another account nothing
// else is told; one that its owner has released for this account moves to it.
func DecideRegister(s State, c Register) ([]domain.Event, []domain.Problem) {
	var problems []domain.Problem
	if c.Owner.Reseller() && c.ICCID != "" {
		problems = append(problems, problem(CodeSIMNotAllowed, "A reseller account has no SIMs.", nil, removeSIM))
	}
	if s.HeldBy != uuid.Nil && (!s.Exists() || s.Account == c.Owner.UID) {
		problems = append(problems, Busy())
	}
	if s.Exists() && s.TakenOverBy(c.Owner.UID) {
		return takeOver(s, c, problems)
	}
	if s.Exists() {
		return nil, append(problems, again(s, c)...)
	}
	if c.Owner.Status == account.Closed {
		problems = append(problems, targetClosed())
	}
	offer, ok := c.Owner.offerFor(c.Model, c.Offer)
	if !ok {
		problems = append(problems, offerNotAvailable(c.Offer, c.Model, c.Owner.Offers, chooseOffer, addOffer))
	}
	if len(problems) > 0 {
		return nil, problems
	}
	included := newIncluded(c.Model, c.Today)
	name := c.Name
	if name == "" {
		name = c.SerialNumber
	}
	return []domain.Event{Registered{
		Device:          UID(c.SerialNumber),
		SerialNumber:    c.SerialNumber,
		Factor:          c.Factor,
		Model:           c.Model.Name,
		Account:         c.Owner.UID,
		Name:            name,
		Labels:          c.Labels,
		LifeCycle:       Active,
		FirstRegistered: c.Today,
		Service:         c.Owner.newService(offer, c.Today, included, c.Rules),
		Included:        included,
		ICCID:           c.ICCID,
		OrderNumber:     c.OrderNumber,
	}}, nil
}

// again is what stands against registering a registered device.
func again(s State, c Register) []domain.Problem {
	switch {
	case s.Account != c.Owner.UID:
		return []domain.Problem{problem(CodeRegisteredElsewhere, "The device is registered already.", nil, contactSupport)}
	case s.LifeCycle == OutOfService:
		return []domain.Problem{retired()}
	case s.Factor != c.Factor:
		return []domain.Problem{problem(CodeFactorMismatch, "The device is registered with another identifying factor.", nil, checkFactor)}
	}
	return nil
}

// offerFor is the offer a model gets in the account. Asked for none, it is the
// model's default if the account has it, else the one offer both have.
func (o Owner) offerFor(m catalogue.Model, asked catalogue.Offer) (catalogue.Offer, bool) {
	if asked != "" {
		return asked, o.has(asked) && m.Supports(asked)
	}
	if o.has(m.Default) {
		return m.Default, true
	}
	var both []catalogue.Offer
	for _, offer := range m.Offers {
		if o.has(offer) {
			both = append(both, offer)
		}
	}
	if len(both) != 1 {
		return "", false
	}
	return both[0], true
}

// newService is the service that begins today in the account: the free term in
// a reseller's, else until the end of allocation a.
func (o Owner) newService(offer catalogue.Offer, today calendar.Date, a Allocation, r Rules) Service {
	if o.Reseller() {
		end := calendar.Months(r.FreeTermMonths).From(today, today.Day())
		return Service{Offer: offer, Source: SourceFree, Start: today, End: end, AnchorDay: today.Day(), AutoRenew: true}
	}
	return Service{Offer: offer, Source: a.Source, Start: today, End: a.Until, AnchorDay: a.AnchorDay}
}

// newIncluded is a model's included term beginning on a day.
func newIncluded(m catalogue.Model, from calendar.Date) Allocation {
	return Allocation{
		Source:    SourceIncluded,
		Until:     calendar.Months(m.IncludedMonths).From(from, from.Day()),
		AnchorDay: from.Day(),
	}
}
