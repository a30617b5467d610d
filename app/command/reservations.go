package command

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// readReservation folds a reservation's stream. Where its last event tells all,
// as with the places of a reseller, that one is enough.
func (x *Executor) readReservation(ctx context.Context, key reservation.Key) (reservation.State, error) {
	if key.Kind == reservation.Places {
		last, ok, err := x.Log.ReadLast(ctx, key.Stream)
		if err != nil {
			return reservation.State{}, fmt.Errorf("load %s: %w", key.Stream, err)
		}
		if !ok {
			return reservation.State{}, nil
		}
		if s, ok := reservation.Snapshot(last.Event, int64(last.Revision)); ok {
			return s, nil
		}
	}
	var s reservation.State
	for e, err := range x.Log.ReadStream(ctx, key.Stream, 0) {
		if err != nil {
			return s, fmt.Errorf("load %s: %w", key.Stream, err)
		}
		s = reservation.Evolve(s, e.Event, int64(e.Revision))
	}
	return s, nil
}

// revisionOf is the revision of a reservation's stream.
func revisionOf(s reservation.State) eventlog.Revision { return eventlog.Revision(s.Next - 1) }

// reservations looks ahead: what reservations would be, were the decisions so far
// carried out. Dry runs and the first phase of all-or-nothing requests rest on
// it. Nothing is appended.
type reservations struct {
	executor *Executor
	mu       sync.Mutex
	streams  map[string]reservation.State
}

// reservations begins to look ahead.
func (x *Executor) reservations() *reservations {
	return &reservations{executor: x, streams: map[string]reservation.State{}}
}

// missing gives the problems of what others hold, by the log or looked ahead.
func (r *reservations) missing(ctx context.Context, holder uuid.UUID, wanted []reservation.Held) ([]domain.Problem, error) {
	var problems []domain.Problem
	taken := map[string]bool{}
	for _, w := range wanted {
		if w.Besides != "" && taken[w.Besides] {
			continue // the same value, and it was told
		}
		if err := r.read(ctx, w.Key); err != nil {
			return nil, err
		}
		r.mu.Lock()
		_, ok := reservation.Claim(r.streams[w.Key.Stream], w.Key, reservation.Reserved{Kind: w.Key.Kind, Holder: holder})
		r.mu.Unlock()
		if !ok {
			taken[w.Key.Stream] = true
			problems = append(problems, w.Taken)
		}
	}
	return problems, nil
}

// reserve notes what a decision would claim.
func (r *reservations) reserve(holder uuid.UUID, wanted []reservation.Held) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range wanted {
		s := r.streams[w.Key.Stream]
		r.streams[w.Key.Stream] = reservation.Evolve(s, reservation.Reserved{Kind: w.Key.Kind, Holder: holder}, s.Next)
	}
}

func (r *reservations) read(ctx context.Context, key reservation.Key) error {
	r.mu.Lock()
	_, known := r.streams[key.Stream]
	r.mu.Unlock()
	if known {
		return nil
	}
	s, err := r.executor.readReservation(ctx, key)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.streams[key.Stream]; !known {
		r.streams[key.Stream] = s
	}
	return nil
}
