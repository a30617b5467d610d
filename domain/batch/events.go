package batch

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/codec"
)

// The types below are the format of the log, see package account.

// Codec knows the batch events.
var Codec = codec.NewRegistry(
	codec.Of[BatchStarted](),
	codec.Of[BatchPrepared](),
	codec.Of[BatchCommitted](),
	codec.Of[BatchCompleted](),
	codec.Of[BatchAbandoned](),
)

// BatchStarted names the devices that the batch is going to hold.
type BatchStarted struct {
	Batch   uuid.UUID   `json:"batch"`
	Devices []uuid.UUID `json:"devices"`
}

// BatchPrepared writes down changes of devices that are held. A batch has as
// many of these as it needs.
type BatchPrepared struct {
	Batch   uuid.UUID `json:"batch"`
	Changes []Change  `json:"changes"`
}

// Change is what will be appended to one device: after Revision, which is that
// of the hold.
type Change struct {
	Device   uuid.UUID `json:"device"`
	Revision int64     `json:"revision"`
	Events   []Encoded `json:"events"`
}

// Encoded is an event to append, in its form in the log.
type Encoded struct {
	ID      uuid.UUID       `json:"id"`
	Type    string          `json:"type"`
	Version int             `json:"version"`
	Data    json.RawMessage `json:"data"`
}

// BatchCommitted is the point of no return.
type BatchCommitted struct {
	Batch uuid.UUID `json:"batch"`
}

// BatchCompleted says that everything was appended.
type BatchCompleted struct {
	Batch uuid.UUID `json:"batch"`
}

// BatchAbandoned says that nothing was appended, and never will be: every hold
// of the batch can be released.
type BatchAbandoned struct {
	Batch uuid.UUID `json:"batch"`
}

func (BatchStarted) EventType() string   { return "BatchStarted" }
func (BatchPrepared) EventType() string  { return "BatchPrepared" }
func (BatchCommitted) EventType() string { return "BatchCommitted" }
func (BatchCompleted) EventType() string { return "BatchCompleted" }
func (BatchAbandoned) EventType() string { return "BatchAbandoned" }
