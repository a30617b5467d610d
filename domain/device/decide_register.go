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
// There are events beside a refusal wherever the device would be the owner's.
func DecideRegister(s State, c Register) ([]domain.Event, error) {
	var problems []domain.Problem
	if c.Owner.Reseller() && c.ICCID != "" {
		problems = append(problems, simNotAllowed("A reseller account has no SIMs.", omitSIM))
	}
	takenOver := s.Exists() && s.TakenOverBy(c.Owner.UID)
	if s.HeldBy != uuid.Nil && (!s.Exists() || s.Account == c.Owner.UID || takenOver) {
		problems = append(problems, Busy())
	}
	if takenOver {
		return takeOver(s, c, problems)
	}
	if s.Exists() {
		return nil, domain.Refuse(append(problems, again(s, c)...)...)
	}
	offer, refused := c.offer()
	return []domain.Event{c.event(offer)}, domain.Refuse(append(problems, refused...)...)
}

// offer is the offer that the device gets, and what stands against the owner.
func (c Register) offer() (catalogue.Offer, []domain.Problem) {
	var problems []domain.Problem
	if c.Owner.Status == account.Closed {
		problems = append(problems, targetClosed())
	}
	offer, ok := c.Owner.offerFor(c.Model, c.Offer)
	if !ok {
		problems = append(problems, offerNotAvailable(c.Offer, c.Model, c.Owner.Offers, c.Owner.offerRemedies(c.Model, c.Offer)...))
	}
	return offer, problems
}

func (c Register) event(offer catalogue.Offer) Registered {
	included := newIncluded(c.Model, c.Today)
	return Registered{
		Device:          UID(c.SerialNumber),
		SerialNumber:    c.SerialNumber,
		Factor:          c.Factor,
		Model:           c.Model.Name,
		Account:         c.Owner.UID,
		Name:            c.name(),
		Labels:          c.Labels,
		LifeCycle:       Active,
		FirstRegistered: c.Today,
		Service:         c.Owner.newService(offer, c.Today, included, c.Rules),
		Included:        included,
		ICCID:           c.ICCID,
		OrderNumber:     c.OrderNumber,
	}
}

func (c Register) name() string {
	if c.Name == "" {
		return c.SerialNumber
	}
	return c.Name
}

// takeOver registers a device that was released for the account, retired or not.
// Nothing of its owner before comes along but what it has a right to.
func takeOver(s State, c Register, problems []domain.Problem) ([]domain.Event, error) {
	if s.Factor != c.Factor { // beside it stands whose the factor would be
		return []domain.Event{c.event("")}, domain.Refuse(append(problems, factorMismatch())...)
	}
	offer, refused := c.offer()
	problems = slices.Concat(problems, s.simInto(c.Owner), refused)
	t := Transfer{ID: s.Released.Request, To: c.Owner, Model: c.Model, Today: c.Today, Rules: c.Rules}
	service, consumed, refused := t.service(s)
	for _, p := range refused {
		p.Remedies = []domain.Remedy{requestAllocation} // the caller cannot order for another account's device
		problems = append(problems, p)
	}
	service.Offer = offer
	e := t.event(s, service, consumed)
	e.From, e.Name = s.Account, c.name()
	events := []domain.Event{e}
	if !slices.Equal(s.Labels, c.Labels) {
		events = append(events, Relabelled{Device: s.UID, OldLabels: s.Labels, NewLabels: c.Labels})
	}
	if s.ICCID != c.ICCID {
		events = append(events, s.withSIM(c.ICCID))
	}
	return events, domain.Refuse(problems...)
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
	both := common(m, o.Offers)
	if len(both) != 1 {
		return "", false
	}
	return both[0], true
}

// common are the offers that both the model and an account have.
func common(m catalogue.Model, offers []catalogue.Offer) []catalogue.Offer {
	var both []catalogue.Offer
	for _, offer := range m.Offers {
		if slices.Contains(offers, offer) {
			both = append(both, offer)
		}
	}
	return both
}

// offerRemedies are what helps when the account cannot run the model on the
// asked offer: nothing that the model could not run on.
func (o Owner) offerRemedies(m catalogue.Model, asked catalogue.Offer) []domain.Remedy {
	var remedies []domain.Remedy
	both := common(m, o.Offers)
	if len(both) > 0 {
		remedies = append(remedies, chooseOffer)
	}
	if asked != "" && m.Supports(asked) || len(both) == 0 {
		remedies = append(remedies, addOffer)
	}
	return remedies
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
