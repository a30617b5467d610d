package audit

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/aggregate"
)

// Aggregate is the audit grant.
var Aggregate = aggregate.Aggregate[State]{Category: "auditgrant", Evolve: Evolve}

// Status is where a grant is.
type Status string

// The statuses. Expired follows from the clock.
const (
	Active  Status = "active"
	Revoked Status = "revoked"
	Expired Status = "expired"
)

// State is a grant folded from the events.
type State struct {
	UID       uuid.UUID // uuid.Nil: no such grant
	Auditor   account.Person
	Accounts  []uuid.UUID
	Expires   time.Time
	TokenHash []byte
	Revoked   bool
	Erased    bool // the auditor was erased
}

// StatusAt is the status with expiry taken into account.
func (s State) StatusAt(now time.Time) Status {
	switch {
	case s.Revoked || s.Erased:
		return Revoked
	case !now.Before(s.Expires):
		return Expired
	}
	return Active
}

// Evolve folds one event into the state.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case AuditGranted:
		s.UID, s.Auditor, s.Accounts, s.Expires, s.TokenHash = e.Grant, e.Auditor, e.Accounts, e.Expires, e.TokenHash
	case AuditGrantRevoked:
		s.Revoked = true
	case AuditorErased:
		s.Erased = true
		s.Auditor = s.Auditor.Erase()
	}
	return s
}
