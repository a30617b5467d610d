package device

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// Renew renews the service of a device: by order with exactly one of Term,
// Until and Align, none for another Offer alone, or (Automatic) the free term of a reseller's device, whose
// renewals have ids of their own. ID is one for all devices of an order, under
// which it is applied once; dates are always those of Today. An order may name an
// Offer to run on; Model and Owner are needed only then, as in ChangeOffer.
type Renew struct {
	ID          uuid.UUID
	Term        calendar.Term
	Until       calendar.Date
	Align       Alignment
	Offer       catalogue.Offer
	Model       catalogue.Model
	Owner       Owner
	OrderNumber string
	Note        string
	Automatic   bool
	Today       calendar.Date
	Rules       Rules
}

// TermMissing says that an order does not tell what it is for.
func TermMissing() []domain.Problem {
	return invalid(CodeTermMissing, "Give one of term (such as P1Y), until (a date) and alignTo (a date, latest, majority or monthEnd); none of them only for another offer.")
}

// TermAmbiguous says that an order tells several ends.
func TermAmbiguous() []domain.Problem {
	return invalid(CodeTermAmbiguous, "Give only one of term, until and alignTo.")
}

// CheckRenewal is what is wrong with an order whatever the devices are: exactly
// one of Term, Until and Align has to be given, or none for another offer alone.
// Whoever has a request for many devices asks once.
func CheckRenewal(c Renew) []domain.Problem {
	given := 0
	for _, there := range []bool{c.Term != (calendar.Term{}), !c.Until.IsZero(), c.Align != (Alignment{})} {
		if there {
			given++
		}
	}
	switch {
	case given == 0 && c.Offer == "":
		return TermMissing()
	case given > 1:
		return TermAmbiguous()
	}
	return nil
}

// DecideRenew decides a renewal. An order that was applied already is
// unchanged, and so is an automatic renewal that is not due.
func DecideRenew(s State, c Renew) ([]domain.Event, error) {
	if !s.Exists() {
		return nil, domain.Refuse(NotFound())
	}
	if c.Automatic {
		return renewFree(s, c)
	}
	if slices.Contains(s.Applied, c.ID) {
		return nil, nil
	}
	if problems := CheckRenewal(c); len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	old := s.Allocation()
	a, refused := c.extend(old)
	problems := slices.Concat(usable(s), c.stands(s), refused)
	if len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	var events []domain.Event
	if a != old { // else aligned already
		events = append(events, c.event(s, old, a))
	}
	if c.Offer != "" && c.Offer != s.Service.Offer {
		events = append(events, s.onOffer(c.Offer, c.ID))
	}
	return events, nil
}

// stands is what stands against applying the order to the device, besides the
// dates.
func (c Renew) stands(s State) []domain.Problem {
	var problems []domain.Problem
	if s.OrderNumberUsed(c.OrderNumber) {
		problems = append(problems, OrderNumberUsed(c.OrderNumber))
	}
	if c.Term != (calendar.Term{}) && len(c.Rules.RenewalTerms) > 0 && !slices.Contains(c.Rules.RenewalTerms, c.Term) {
		problems = append(problems, problem(CodeTermNotOffered, "Renewals cannot be ordered for this term.",
			map[string]string{"term": c.Term.String(), "terms": terms(c.Rules.RenewalTerms)}))
	}
	if c.Offer != "" && c.Offer != s.Service.Offer {
		problems = append(problems, ChangeOffer{Offer: c.Offer, Model: c.Model, Owner: c.Owner}.refused()...)
	}
	return problems
}

func (c Renew) event(s State, old, a Allocation) ServiceRenewed {
	e := ServiceRenewed{
		Device:      s.UID,
		Renewal:     c.ID,
		OldEnd:      old.Until,
		NewEnd:      a.Until,
		AnchorDay:   a.AnchorDay,
		Parked:      s.resellers(),
		OrderNumber: c.OrderNumber,
		Note:        c.Note,
	}
	if c.Term != (calendar.Term{}) {
		e.Term = c.Term.String()
	}
	return e
}

// extend is what the order makes of an allocation.
func (c Renew) extend(old Allocation) (Allocation, []domain.Problem) {
	if c.Term == (calendar.Term{}) && c.Until.IsZero() && c.Align == (Alignment{}) {
		return old, nil // another offer alone
	}
	if c.Align == (Alignment{}) {
		return extend(old, c.Term, c.Until, c.Today)
	}
	target := c.Align.target(old, c.Today)
	if target.IsZero() {
		return Allocation{}, invalid(CodeNothingToAlign, "None of the selected devices has a service that ends today or later.")
	}
	if target == old.Until {
		return old, nil
	}
	a, problems := extend(old, calendar.Term{}, target, c.Today)
	a.AnchorDay = max(a.AnchorDay, c.Align.anchorDay())
	return a, problems
}

// renewFree renews a free term from its last day on, an event per period, until
// the end lies ahead.
func renewFree(s State, c Renew) ([]domain.Event, error) {
	term := calendar.Months(c.Rules.FreeTermMonths)
	end := s.Service.End
	due := s.resellers() && s.LifeCycle != OutOfService && end <= c.Today && end > 0
	if !due || term.Months < 1 {
		return nil, nil
	}
	if s.HeldBy != uuid.Nil {
		return nil, domain.Refuse(Busy())
	}
	var events []domain.Event
	for end <= c.Today {
		next := term.From(end, s.Service.AnchorDay)
		events = append(events, ServiceRenewed{
			Device:    s.UID,
			Renewal:   FreeRenewal(s.UID, end),
			Term:      term.String(),
			OldEnd:    end,
			NewEnd:    next,
			AnchorDay: s.Service.AnchorDay,
			Automatic: true,
		})
		end = next
	}
	return events, nil
}

// FreeRenewal names the automatic renewal of a device's free term that ends on
// a day: the same one whoever decides it, and whenever.
func FreeRenewal(device uuid.UUID, end calendar.Date) uuid.UUID {
	return uuid.NewSHA1(device, []byte("free renewal after "+end.String()))
}
