package device

import (
	"iter"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Forecast is the device at the end of a day to come when nothing but time
// happens: its free term renews until then. Whatever else time does, such as
// expiry, is told by the dates.
func (s State) Forecast(day calendar.Date, r Rules) State {
	for _, e := range s.Ahead(day, r) {
		s = Evolve(s, e)
	}
	return s
}

// Ahead are the events until the end of a day to come when nothing but time happens.
func (s State) Ahead(day calendar.Date, r Rules) []domain.Event {
	s.HeldBy = uuid.Nil // a hold ends long before
	events, err := renewFree(s, Renew{Automatic: true, Today: day, Rules: r})
	if err != nil {
		return nil
	}
	return events
}

// FreeEnds are the days on which a free term ends, from the present end on, as
// it renews by itself; the present one alone where the rules renew nothing.
func FreeEnds(end calendar.Date, anchorDay int, r Rules) iter.Seq[calendar.Date] {
	term := calendar.Months(r.FreeTermMonths)
	return func(yield func(calendar.Date) bool) {
		for yield(end) && term.Months > 0 {
			end = term.From(end, anchorDay)
		}
	}
}
