package partnership

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

const day = 24 * time.Hour

// DecideLapse records that the partnership has ended by itself. It never refuses.
func DecideLapse(s State, now time.Time) ([]domain.Event, error) { return lapsed(s, now), nil }

func lapsed(s State, now time.Time) []domain.Event {
	if s.UID == uuid.Nil || s.Ended || s.Until.IsZero() || now.Before(s.Until) {
		return nil
	}
	return []domain.Event{PartnershipEnded{Partnership: s.UID, Automatic: true}}
}

// DecideWarn gives the warning that is due: of those at the given days before
// the end the nearest one that has come. The ones before it are passed over, as
// when an end was set late, and none is given twice for the same end. There is
// nothing to warn of once the partnership has ended. It never refuses.
func DecideWarn(s State, days []int, now time.Time) ([]domain.Event, error) {
	if !s.ActiveAt(now) || s.Until.IsZero() {
		return nil, nil
	}
	nearest := 0
	for _, d := range days {
		if come := !now.Before(s.Until.Add(-time.Duration(d) * day)); come && (nearest == 0 || d < nearest) {
			nearest = d
		}
	}
	if nearest == 0 || s.Warned != 0 && s.Warned <= nearest {
		return nil, nil
	}
	return []domain.Event{PartnershipEndWarned{Partnership: s.UID, Until: s.Until, DaysBefore: nearest}}, nil
}
