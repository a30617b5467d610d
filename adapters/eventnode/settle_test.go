package eventnode

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
)

// newTestWriter is a writer without a node, to be driven step by step.
func newTestWriter(t *testing.T) *writer {
	t.Helper()
	pool := pgtest.Pool(t)
	s := &session{pool: pool, owner: uuid.New()}
	last, err := s.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return &writer{
		session: s, store: newStore(pool), tail: newTail(last), queue: make(chan *request, 1), last: last,
		memory: newGenerations[[16]byte, storedEvent](100), log: slog.New(slog.DiscardHandler), metrics: newMetrics(),
	}
}

func testAppend(stream string, expected int64) *request {
	return &request{
		ctx: context.Background(), stream: stream, expected: expected, done: make(chan outcome, 1),
		events: []proposed{{id: uuid.New(), typ: "e"}, {id: uuid.New(), typ: "e"}},
	}
}

// settled tries until the server has noticed that the session before is gone.
func settled(w *writer, d *decision) (written bool, err error) {
	for range 1000 {
		w.retryAt = time.Time{}
		if written, err = w.settle(d); !errors.Is(err, ErrInUse) {
			break
		}
	}
	return written, err
}

// The connection breaks before the answer to a write arrives. Whether it was written
// is found out from the log, not guessed.
func TestUnknownOutcomeIsFoundOut(t *testing.T) {
	t.Parallel()
	t.Run("written", func(t *testing.T) {
		t.Parallel()
		w := newTestWriter(t)
		p, _, err := w.try([]*request{testAppend("s", noStream)})
		if err != nil {
			t.Fatal(err)
		}
		written, err := settled(w, p)
		if err != nil || !written || w.last != 2 {
			t.Fatalf("written %v, last %d, %v", written, w.last, err)
		}
	})
	t.Run("not written", func(t *testing.T) {
		t.Parallel()
		w := newTestWriter(t)
		w.session.epoch-- // the insert finds its epoch gone
		p, _, err := w.try([]*request{testAppend("s", noStream)})
		if !errors.Is(err, ErrFenced) {
			t.Fatal(err)
		}
		written, err := settled(w, p)
		if err != nil || written || w.last != 0 {
			t.Fatalf("written %v, last %d, %v", written, w.last, err)
		}
	})
	t.Run("written, but found out late", func(t *testing.T) {
		t.Parallel()
		w := newTestWriter(t)
		r := testAppend("s", noStream)
		if _, _, err := w.try([]*request{r}); err != nil { // its caller was told to try again
			t.Fatal(err)
		}
		if _, err := settled(w, nil); err != nil {
			t.Fatal(err)
		}
		if w.tail.last() != 2 {
			t.Fatalf("readers know of %d events, want 2", w.tail.last())
		}
		if err := w.process([]*request{r}); err != nil { // and does
			t.Fatal(err)
		}
		if out := <-r.done; out.err != nil || out.verdict != verdictOK || out.revision != 1 || out.position != 2 {
			t.Fatalf("the repeated append: %+v", out)
		}
		next := testAppend("s", 1)
		if err := w.process([]*request{next}); err != nil {
			t.Fatal(err)
		}
		if out := <-next.done; out.err != nil || out.position != 4 {
			t.Fatalf("the next append: %+v", out)
		}
	})
}

// Requests of one group see each other, and a refused or abandoned one does not
// spoil the rest.
func TestGroupIsDecidedInOrder(t *testing.T) {
	t.Parallel()
	w := newTestWriter(t)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	first, second, late, other := testAppend("s", noStream), testAppend("s", 1), testAppend("s", noStream), testAppend("t", anyRevision)
	abandoned := testAppend("s", 3)
	abandoned.ctx = gone
	again := testAppend("s", noStream)
	again.events = first.events
	group := []*request{first, second, late, abandoned, again, other}
	if err := w.process(append([]*request(nil), group...)); err != nil {
		t.Fatal(err)
	}
	want := []outcome{
		{revision: 1, position: 2}, {revision: 3, position: 4}, {verdict: verdictWrongRevision, revision: 3},
		{err: context.Canceled}, {revision: 1, position: 2}, {revision: 1, position: 6},
	}
	for i, r := range group {
		if got := <-r.done; got != want[i] {
			t.Errorf("request %d: %+v, want %+v", i, got, want[i])
		}
	}
	if w.last != 6 || w.tail.last() != 6 {
		t.Fatalf("log at %d, readers at %d, want 6", w.last, w.tail.last())
	}
}

// A node that is frozen holds the lock until its session has been silent for long.
// When it wakes up it is fenced.
func TestFrozenNodeLosesTheLock(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	frozen := &session{pool: pool, owner: uuid.New()}
	if _, err := frozen.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer frozen.close()
	next := &session{pool: pool, owner: uuid.New()}
	if _, err := openLog(t.Context(), next, time.Millisecond); !errors.Is(err, ErrInUse) {
		t.Fatalf("%v, want ErrInUse: the holder is not silent for long", err)
	}
	next.silence = 100 * time.Millisecond
	if _, err := openLog(t.Context(), next, time.Minute); err != nil {
		t.Fatal(err)
	}
	defer next.close()
	if err := frozen.insert(t.Context(), []*record{{position: 1, stream: "s", typ: "e", id: uuid.New()}}, nil); err == nil {
		t.Fatal("the frozen node wrote")
	}
	if _, err := frozen.open(t.Context()); !errors.Is(err, ErrFenced) {
		t.Fatalf("%v, want ErrFenced", err)
	}
	if err := next.alive(t.Context()); err != nil {
		t.Fatal(err)
	}
}
