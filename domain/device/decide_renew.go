package device

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// maxAhead is how far in the future, in months, a service may end by order or
// grant: what lies beyond is a slip of the pen.
const maxAhead = 20 * 12

// Renew renews the service of a device: by order with exactly one of Term,
// Until and Align, or (Automatic) the free term of a reseller's device, whose
// renewals have ids of their own. ID is one for all devices of an order.
type Renew struct {
	ID          uuid.UUID
	Term        calendar.Term
	Until       calendar.Date
	Align       Alignment
	OrderNumber string
	Note        string
	Automatic   bool
	Today       calendar.Date
	Rules       Rules
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
	problems := usable(s)
	if c.Term != (calendar.Term{}) && len(c.Rules.RenewalTerms) > 0 && !slices.Contains(c.Rules.RenewalTerms, c.Term) {
		problems = append(problems, problem(CodeTermNotOffered, "Renewals cannot be ordered for this term.",
			map[string]string{"term": c.Term.String(), "terms": terms(c.Rules.RenewalTerms)}))
	}
	old := s.right()
	a, refused := c.extend(old)
	if a == old && len(refused) == 0 && len(problems) == 0 {
		return nil, nil // aligned already
	}
	if problems = append(problems, refused...); len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
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
	return []domain.Event{e}, nil
}

// extend is what the order makes of an allocation.
func (c Renew) extend(old Allocation) (Allocation, []domain.Problem) {
	if c.Align == (Alignment{}) {
		return extend(old, c.Term, c.Until, max(c.Today, old.Until), c.Today)
	}
	if c.Term != (calendar.Term{}) || !c.Until.IsZero() {
		return Allocation{}, invalid(CodeTermAmbiguous, "Give one of a term, a date and what to align to.")
	}
	target := c.Align.target(old, c.Today)
	if target.IsZero() {
		return Allocation{}, invalid(CodeNothingToAlign, "None of the selected devices has a service that ends today or later.")
	}
	if target == old.Until {
		return old, nil
	}
	a, problems := extend(old, calendar.Term{}, target, c.Today, c.Today)
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

// extend makes an allocation that ends a term after base, or on a date; either
// way later than old, not in the past, and not absurdly far ahead.
func extend(old Allocation, term calendar.Term, until, base, today calendar.Date) (Allocation, []domain.Problem) {
	byTerm := term != (calendar.Term{})
	switch {
	case !byTerm && until.IsZero():
		return Allocation{}, invalid(CodeTermMissing, "Give a term or a date.")
	case byTerm && !until.IsZero():
		return Allocation{}, invalid(CodeTermAmbiguous, "Give a term or a date, not both.")
	}
	a := Allocation{Source: SourcePurchased, Until: until, AnchorDay: until.Day()}
	if byTerm {
		a.AnchorDay = base.Day()
		if base == old.Until && old.AnchorDay > a.AnchorDay {
			a.AnchorDay = old.AnchorDay // the 31st comes back after a short month
		}
		a.Until = term.From(base, a.AnchorDay)
		if term.Days > 0 {
			a.AnchorDay = a.Until.Day()
		}
	}
	latest := today.AddMonths(maxAhead, today.Day())
	switch {
	case a.Until <= old.Until || a.Until < today:
		return Allocation{}, []domain.Problem{untilNotLater(a.Until, old.Until)}
	case a.Until > latest:
		return Allocation{}, []domain.Problem{untilTooLate(a.Until, latest)}
	}
	return a, nil
}
