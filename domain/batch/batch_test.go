package batch_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/batch"
)

// TestPhases: a batch can be abandoned up to its commit and completed after it,
// each once.
func TestPhases(t *testing.T) {
	t.Parallel()
	uid := uuid.UUID{1}
	started := batch.BatchStarted{Batch: uid, Devices: []uuid.UUID{{2}, {3}}}
	prepared := batch.BatchPrepared{Batch: uid, Changes: []batch.Change{{Device: uuid.UUID{2}}}}
	for _, tt := range []struct {
		events             []domain.Event
		phase              batch.Phase
		abandons, finishes bool
	}{
		{nil, "", false, false},
		{[]domain.Event{started}, batch.Started, true, false},
		{[]domain.Event{started, prepared, prepared}, batch.Started, true, false},
		{[]domain.Event{started, prepared, batch.BatchCommitted{Batch: uid}}, batch.Committed, false, true},
		{[]domain.Event{started, batch.BatchCommitted{Batch: uid}, batch.BatchCompleted{Batch: uid}}, batch.Completed, false, false},
		{[]domain.Event{started, batch.BatchAbandoned{Batch: uid}}, batch.Abandoned, false, false},
	} {
		var s batch.State
		for _, e := range tt.events {
			s = batch.Evolve(s, e)
		}
		if s.Phase != tt.phase || decides(s, batch.DecideAbandon) != tt.abandons || decides(s, batch.DecideComplete) != tt.finishes {
			t.Errorf("after %d events: %+v", len(tt.events), s)
		}
		if tt.phase != "" && (s.UID != uid || len(s.Devices) != 2) {
			t.Errorf("after %d events: %+v", len(tt.events), s)
		}
	}
}

func decides(s batch.State, decide func(batch.State) ([]domain.Event, error)) bool {
	events, err := decide(s)
	return len(events) > 0 && err == nil
}

func TestPreparedAddsUp(t *testing.T) {
	t.Parallel()
	one := batch.Evolve(batch.State{}, batch.BatchPrepared{Changes: []batch.Change{{Revision: 1}}})
	left := batch.Evolve(one, batch.BatchPrepared{Changes: []batch.Change{{Revision: 2}}})
	right := batch.Evolve(one, batch.BatchPrepared{Changes: []batch.Change{{Revision: 3}}})
	if len(left.Changes) != 2 || left.Changes[1].Revision != 2 || right.Changes[1].Revision != 3 {
		t.Errorf("%+v %+v", left, right)
	}
}
