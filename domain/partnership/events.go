package partnership

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/codec"
)

// The types below are the format of the log, see package account.

// Codec knows the partnership events.
var Codec = codec.NewRegistry(
	codec.Of[PartnershipEstablished](),
	codec.Of[PartnerProfileAssigned](),
	codec.Of[PartnershipEndSet](),
	codec.Of[PartnershipEndRemoved](),
	codec.Of[PartnershipEnded](),
	codec.Of[PartnershipEndWarned](),
	codec.Of[PartnershipRequested](),
	codec.Of[PartnershipRequestDeclined](),
	codec.Of[PartnershipRequestWithdrawn](),
)

// PartnershipEstablished relates a reseller and a customer.
type PartnershipEstablished struct {
	Partnership uuid.UUID `json:"partnership"`
	Reseller    uuid.UUID `json:"reseller"`
	Customer    uuid.UUID `json:"customer"`
	Profile     string    `json:"profile"` // id of a profile, see package rights
}

// PartnerProfileAssigned changes what the reseller may do in the customer's account.
type PartnerProfileAssigned struct {
	Partnership uuid.UUID `json:"partnership"`
	Profile     string    `json:"profile"`
}

// PartnershipEndSet lets the relation end by itself at an instant. It replaces
// an end set before.
type PartnershipEndSet struct {
	Partnership uuid.UUID `json:"partnership"`
	Until       time.Time `json:"until"`
}

// PartnershipEndRemoved makes the relation one without an end again.
type PartnershipEndRemoved struct {
	Partnership uuid.UUID `json:"partnership"`
}

// PartnershipEnded ends the relation. Automatic: the end that was set for it has
// come. No access depends on that event: it ended at that instant, recorded or
// not.
type PartnershipEnded struct {
	Partnership uuid.UUID `json:"partnership"`
	Reason      string    `json:"reason,omitempty"`
	Automatic   bool      `json:"automatic,omitempty"`
}

// PartnershipEndWarned records that both sides are told of an end to come. The
// warning falls due DaysBefore the end; fewer days may be left when the end was
// set late.
type PartnershipEndWarned struct {
	Partnership uuid.UUID `json:"partnership"`
	Until       time.Time `json:"until"`
	DaysBefore  int       `json:"daysBefore"`
}

// PartnershipRequested is a reseller's wish to be an account's partner. The account
// accepts it by PartnershipEstablished, whoever has asked for that. Profile and Until
// are what the reseller proposes. Nothing says that there is such an account: who asks
// is told nothing of it, and so the request is recorded in any case.
type PartnershipRequested struct {
	Partnership uuid.UUID `json:"partnership"`
	Reseller    uuid.UUID `json:"reseller"`
	Customer    uuid.UUID `json:"customer"`
	Profile     string    `json:"profile,omitempty"`
	Until       time.Time `json:"until,omitzero"`
	Note        string    `json:"note,omitempty"`
}

// PartnershipRequestDeclined is the account's other answer.
type PartnershipRequestDeclined struct {
	Partnership uuid.UUID `json:"partnership"`
	Reason      string    `json:"reason,omitempty"`
}

// PartnershipRequestWithdrawn takes a request back that was not answered.
type PartnershipRequestWithdrawn struct {
	Partnership uuid.UUID `json:"partnership"`
	Reason      string    `json:"reason,omitempty"`
}

func (PartnershipRequested) EventType() string        { return "PartnershipRequested" }
func (PartnershipRequestDeclined) EventType() string  { return "PartnershipRequestDeclined" }
func (PartnershipRequestWithdrawn) EventType() string { return "PartnershipRequestWithdrawn" }
func (PartnershipEstablished) EventType() string      { return "PartnershipEstablished" }
func (PartnerProfileAssigned) EventType() string      { return "PartnerProfileAssigned" }
func (PartnershipEndSet) EventType() string           { return "PartnershipEndSet" }
func (PartnershipEndRemoved) EventType() string       { return "PartnershipEndRemoved" }
func (PartnershipEnded) EventType() string            { return "PartnershipEnded" }
func (PartnershipEndWarned) EventType() string        { return "PartnershipEndWarned" }
