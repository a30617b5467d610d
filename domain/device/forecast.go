package device

import (
	"iter"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Forecast is the device at the end of a day to come when nothing but time
// happens: its free term renews until then. Whatever else time does, such as
// expiry, is told by the dates.
func (s State) Forecast(day calendar.Date, r Rules) State {
	free := s
	free.HeldBy = uuid.Nil // a hold ends long before
	events, err := renewFree(free, Renew{Automatic: true, Today: day, Rules: r})
	if err != nil || len(events) == 0 {
		return s
	}
	for _, e := range events {
		free = Evolve(free, e)
	}
	return free
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
