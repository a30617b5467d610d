package eventlog

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/batch"
	"github.com/fleetledger/fleetledger/domain/codec"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/models"
	"github.com/fleetledger/fleetledger/domain/notice"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/person"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/transfer"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Codec knows every event type of the log.
var Codec = codec.Merge(
	account.Codec, audit.Codec, batch.Codec, device.Codec, models.Codec, notice.Codec, order.Codec, partnership.Codec, person.Codec, release.Codec, reservation.Codec, transfer.Codec, user.Codec,
	Own,
)

// Own are the types of events that the log has about itself.
var Own = codec.Merge(identityCodec, dayCodec)

// Metadata goes with every event.
type Metadata struct {
	SchemaVersion int          `json:"schemaVersion"`
	OccurredAt    time.Time    `json:"occurredAt"`
	Actor         domain.Actor `json:"actor"`
	Reason        string       `json:"reason,omitempty"`
	CorrelationID string       `json:"$correlationId,omitempty"` // the names the store's own tools know
	CausationID   string       `json:"$causationId,omitempty"`
	Traceparent   string       `json:"traceparent,omitempty"`
}

// NewEvent is an event to append. An ID that follows from the command makes a
// repeated append the same append.
type NewEvent struct {
	ID       uuid.UUID
	Event    domain.Event
	Metadata Metadata
}

// Recorded is an event as the log holds it.
type Recorded struct {
	ID         uuid.UUID
	Stream     string
	Revision   Revision
	Position   Position // zero when the event was read from its stream alone and the store does not tell
	RecordedAt time.Time
	Event      domain.Event
	Metadata   Metadata
}
