// Package batch is the record of one all-or-nothing request over many devices.
//
// The store appends to one stream at a time, so a batch first holds every
// device, then writes down here what it will append to each, and commits. Up
// to the commit it can be abandoned, by itself or, when it died, by somebody
// else; from then on it can only be finished, by anybody, since all that is to
// be appended stands here and nobody else touches a held device.
package batch

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/wire"
)

// The types below are the wire format of the log, see package account.

// Wire knows the batch events.
var Wire = wire.NewRegistry(
	wire.Of[BatchStarted](),
	wire.Of[BatchPrepared](),
	wire.Of[BatchCommitted](),
	wire.Of[BatchCompleted](),
	wire.Of[BatchAbandoned](),
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

// Encoded is an event to append, in its wire form.
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

// Phase is how far a batch is.
type Phase string

// The phases; empty is before the start.
const (
	Started   Phase = "started"
	Committed Phase = "committed"
	Completed Phase = "completed"
	Abandoned Phase = "abandoned"
)

// State is a batch folded from its events.
type State struct {
	UID     uuid.UUID
	Phase   Phase
	Devices []uuid.UUID
	Changes []Change
}

// Evolve folds one event into the state.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case BatchStarted:
		s.UID, s.Phase, s.Devices = e.Batch, Started, e.Devices
	case BatchPrepared:
		s.Changes = append(s.Changes[:len(s.Changes):len(s.Changes)], e.Changes...)
	case BatchCommitted:
		s.Phase = Committed
	case BatchCompleted:
		s.Phase = Completed
	case BatchAbandoned:
		s.Phase = Abandoned
	}
	return s
}

// DecideAbandon decides to undo a batch that was not committed.
func DecideAbandon(s State) []domain.Event {
	if s.Phase != Started {
		return nil
	}
	return []domain.Event{BatchAbandoned{Batch: s.UID}}
}

// DecideComplete decides that a committed batch has all its changes appended.
func DecideComplete(s State) []domain.Event {
	if s.Phase != Committed {
		return nil
	}
	return []domain.Event{BatchCompleted{Batch: s.UID}}
}
