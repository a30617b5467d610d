package batch

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
)

// Aggregate is the batch.
var Aggregate = aggregate.Aggregate[State]{Category: "batch", Evolve: Evolve}

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
