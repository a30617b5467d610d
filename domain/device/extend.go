package device

import (
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// maxAhead is how far in the future, in months, a service may end by order or
// grant: what lies beyond is a slip of the pen.
const maxAhead = 20 * 12

// extend makes an allocation that ends a term after the later of today and the
// present end, or on a date; that lies after the present end, not in the past,
// and either way not absurdly far ahead.
func extend(old Allocation, term calendar.Term, until, today calendar.Date) (Allocation, []domain.Problem) {
	byTerm := term != (calendar.Term{})
	latest := today.AddMonths(maxAhead, today.Day())
	switch {
	case !byTerm && until.IsZero():
		return Allocation{}, invalid(CodeTermMissing, "Give a term or a date.")
	case byTerm && !until.IsZero():
		return Allocation{}, invalid(CodeTermAmbiguous, "Give a term or a date, not both.")
	case byTerm:
		a := termAfter(old, term, today)
		if a.Until > latest {
			return Allocation{}, []domain.Problem{termTooLong(term, a.Until, latest)}
		}
		return a, nil
	case until <= old.Until || until < today:
		return Allocation{}, []domain.Problem{untilNotLater(until, old.Until)}
	case until > latest:
		return Allocation{}, []domain.Problem{untilTooLate(until, latest)}
	}
	return Allocation{Source: SourcePurchased, Until: until, AnchorDay: until.Day()}, nil
}

// termAfter is a term after the later of today and the end of what is there.
func termAfter(old Allocation, term calendar.Term, today calendar.Date) Allocation {
	base := max(today, old.Until)
	a := Allocation{Source: SourcePurchased, AnchorDay: base.Day()}
	if base == old.Until && old.AnchorDay > a.AnchorDay {
		a.AnchorDay = old.AnchorDay // the 31st comes back after a short month
	}
	a.Until = term.From(base, a.AnchorDay)
	if term.Days > 0 {
		a.AnchorDay = a.Until.Day()
	}
	return a
}
