package release

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/codec"
)

// The types below are the format of the log, see package account.

// Codec knows the events.
var Codec = codec.NewRegistry(
	codec.Of[ReleaseAddressed](),
	codec.Of[ReleaseRequested](),
	codec.Of[ReleaseRequestGranted](codec.Same), // 1 was always an answer of the account
	codec.Of[ReleaseRequestDenied](),
	codec.Of[ReleaseRequestEnded](),
)

// ReleaseAddressed says to which account a request goes. It comes first; a
// request that is not in the account's stream is none.
type ReleaseAddressed struct {
	Request uuid.UUID `json:"request"`
	Owner   uuid.UUID `json:"owner"`
}

// ReleaseRequested is a request for a device by the account Requester.
type ReleaseRequested struct {
	Request      uuid.UUID `json:"request"`
	Device       uuid.UUID `json:"device"`
	SerialNumber string    `json:"serialNumber"`
	Requester    uuid.UUID `json:"requester"`
}

// ReleaseRequestGranted grants a request. ByItself: the device is retired, and
// its account has not answered in time.
type ReleaseRequestGranted struct {
	Request  uuid.UUID `json:"request"`
	ByItself bool      `json:"byItself,omitempty"`
}

// ReleaseRequestDenied denies a request.
type ReleaseRequestDenied struct {
	Request uuid.UUID `json:"request"`
}

// ReleaseRequestEnded ends a request that has no answer: the account that it went
// to was closed, or the one that asked.
type ReleaseRequestEnded struct {
	Request uuid.UUID `json:"request"`
	Reason  string    `json:"reason"`
}

func (ReleaseRequestEnded) EventType() string   { return "ReleaseRequestEnded" }
func (ReleaseAddressed) EventType() string      { return "ReleaseAddressed" }
func (ReleaseRequested) EventType() string      { return "ReleaseRequested" }
func (ReleaseRequestGranted) EventType() string { return "ReleaseRequestGranted" }
func (ReleaseRequestDenied) EventType() string  { return "ReleaseRequestDenied" }
