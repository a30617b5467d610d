package account

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// Status is where an account is in its life.
type Status string

// The statuses. Expired follows from the clock: a pending account whose
// invitation has run out.
const (
	Pending   Status = "pending"
	Activated Status = "active"
	Expired   Status = "expired"
	Closed    Status = "closed"
)

// State is an account folded from its events.
type State struct {
	UID           uuid.UUID
	Name          string
	Type          Type
	Status        Status // pending, active or closed; empty: no such account
	Administrator Person
	Offers        []catalogue.Offer
	Reseller      uuid.UUID
	Invitation    Invitation
	Abandoned     bool
}

// StatusAt is the status with expiry taken into account.
func (s State) StatusAt(now time.Time) Status {
	if s.Status == Pending && !now.Before(s.Invitation.Expires) {
		return Expired
	}
	return s.Status
}
