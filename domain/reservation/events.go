package reservation

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/codec"
)

// The types below are the format of the log, see package account.

// Codec knows the reservation events.
var Codec = codec.NewRegistry(
	codec.Of[Reserved](codec.Same), // 1 had no holders
	codec.Of[Released](codec.Same), // likewise
)

// Reserved gives Holder a place, or renews the one it has. Subject is the
// holder's stream; Account is the account it is for, where there is one.
//
// Holders are all holders after the event, in the order of their last claims;
// only where Kind is Places, and not in version 1.
type Reserved struct {
	Kind    Kind      `json:"kind"`
	Holder  uuid.UUID `json:"holder"`
	Subject string    `json:"subject"`
	Account uuid.UUID `json:"account,omitzero"`
	Holders []Holder  `json:"holders,omitzero"`
}

// Released frees the place of Holder. Holders are as in Reserved: empty, which
// is not the same as none, when the place was the last one held.
type Released struct {
	Kind    Kind      `json:"kind"`
	Holder  uuid.UUID `json:"holder"`
	Holders []Holder  `json:"holders,omitzero"`
}

// Holder is one holder as the events of places tell it.
type Holder struct {
	Holder   uuid.UUID `json:"holder"`
	At       int64     `json:"at"`                // revision of its last claim
	Renewals int       `json:"renewals,omitzero"` // claims since it was last free, beside the first
}

func (Reserved) EventType() string { return "Reserved" }
func (Released) EventType() string { return "Released" }
