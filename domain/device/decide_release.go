package device

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// Release lets another account have the device. Owner is the account that
// grants it.
type Release struct {
	Request   uuid.UUID
	Owner, To uuid.UUID
}

// DecideRelease decides a release. A device that is the other account's already
// is unchanged.
func DecideRelease(s State, c Release) ([]domain.Event, error) {
	done := Released{Request: c.Request, To: c.To}
	switch {
	case s.Exists() && (s.Account == c.To || s.Released == done):
		return nil, nil
	case !s.Exists() || s.Account != c.Owner:
		return nil, domain.Refuse(notInSource("The device is no longer in the account."))
	}
	return change(s, false, OwnershipReleased{Device: s.UID, Request: c.Request, To: c.To})
}
