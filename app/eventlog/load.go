package eventlog

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/aggregate"
)

// Loaded is a stream folded to a state.
type Loaded[S any] struct {
	UID      uuid.UUID
	State    S
	Revision Revision   // NoStream when there is nothing
	Position Position   // of the last event, as far as the store tells
	Events   []Recorded // what was folded, oldest first
}

// Load reads and folds the stream of one aggregate.
func Load[S any](ctx context.Context, log Log, a aggregate.Aggregate[S], uid uuid.UUID) (Loaded[S], error) {
	l := Loaded[S]{UID: uid, State: a.New(uid), Revision: NoStream}
	stream := a.Stream(uid)
	for r, err := range log.ReadStream(ctx, stream, 0) {
		if err != nil {
			return l, fmt.Errorf("load %s: %w", stream, err)
		}
		l.State = a.Evolve(l.State, r.Event)
		l.Revision, l.Position = r.Revision, r.Position
		l.Events = append(l.Events, r)
	}
	return l, nil
}

// Exists reports whether the stream has events.
func (l Loaded[S]) Exists() bool { return l.Revision != NoStream }

// Has reports whether the event with the id is in the stream.
func (l Loaded[S]) Has(id uuid.UUID) bool {
	return slices.ContainsFunc(l.Events, func(r Recorded) bool { return r.ID == id })
}
