package eventlog

import (
	"context"
	"fmt"
	"time"

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

// Until is the stream as it was at an instant, by the time for people; the zero one is
// now.
func (l Loaded[S]) Until(a aggregate.Aggregate[S], at time.Time) Loaded[S] {
	if at.IsZero() {
		return l
	}
	then := Loaded[S]{UID: l.UID, State: a.New(l.UID), Revision: NoStream}
	var times Times
	for _, e := range l.Events {
		if times.Next(e).After(at) {
			break
		}
		then.State = a.Evolve(then.State, e.Event)
		then.Revision, then.Position, then.Events = e.Revision, e.Position, append(then.Events, e)
	}
	return then
}

// Exists reports whether the stream has events.
func (l Loaded[S]) Exists() bool { return l.Revision != NoStream }
