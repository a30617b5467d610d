package device

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/calendar"
)

// State is a device folded from its events.
type State struct {
	UID             uuid.UUID
	SerialNumber    string // empty: never registered (the stream may hold fences or holds)
	Factor          Factor
	Model           string
	Account         uuid.UUID
	Name            string
	Labels          []string
	LifeCycle       LifeCycle
	FirstRegistered calendar.Date
	Service         Service
	Included        Allocation  // the included year from the first registration
	Consumed        bool        // the included term was started anew by a transfer
	Parked          *Allocation // paid for, kept while a reseller holds the device
	Purchased       *Allocation // bought while a reseller held the device
	Granted         *Allocation // granted by the operator
	HeldBy          uuid.UUID   // all-or-nothing batch that keeps others off
}

// Exists reports whether the device was registered.
func (s State) Exists() bool { return s.SerialNumber != "" }
