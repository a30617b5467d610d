package device

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// Grant gives a device a service allocation, with exactly one of Term and Until.
type Grant struct {
	ID     uuid.UUID
	Term   calendar.Term
	Until  calendar.Date
	Reason string
	Today  calendar.Date
}

// DecideGrant decides a grant. A term is counted as that of a renewal: from the
// later of today and the end of what the device has, so that it always adds
// something. A grant that was applied already is unchanged. A retired device
// gets one only while it is released, so that the account that registers it has
// something to run it on.
func DecideGrant(s State, c Grant) ([]domain.Event, error) {
	if !s.Exists() {
		return nil, domain.Refuse(NotFound())
	}
	if slices.Contains(s.Applied, c.ID) {
		return nil, nil
	}
	problems := usable(s)
	if s.Released != (Released{}) {
		problems = free(s)
	}
	old := s.Allocation()
	a, refused := extend(old, c.Term, c.Until, c.Today)
	if problems = append(problems, refused...); len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	a.Source = SourceGranted
	return []domain.Event{AllocationGranted{
		Device: s.UID, ID: c.ID, Allocation: a, OldEnd: old.Until, Parked: s.resellers(), Reason: c.Reason,
	}}, nil
}
