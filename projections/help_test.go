package projections_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/projections"
)

// counted is an event of the tests' own: it adds N to the counter it names.
type counted struct {
	Counter string
	N       int
}

func (counted) EventType() string { return "counted" }

// script delivers recorded events to followers as a subscriber does: one batch
// at a time, from where the follower says, again after a nack.
type script struct {
	batch int

	mu     sync.Mutex
	events []eventlog.Recorded
	more   chan struct{} // closed and replaced at every change
}

func newScript(batch int) *script { return &script{batch: batch, more: make(chan struct{})} }

func (s *script) add(events ...domain.Event) eventlog.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	var p eventlog.Position
	for _, e := range events {
		n := uint64(len(s.events) + 1)
		p = eventlog.Position{Commit: n * 100, Prepare: n*100 - 1}
		s.events = append(s.events, eventlog.Recorded{ID: uuid.New(), Stream: "counter-1", Revision: eventlog.Revision(n - 1), Position: p, RecordedAt: time.Now(), Event: e})
	}
	close(s.more)
	s.more = make(chan struct{})
	return p
}

func (s *script) after(p eventlog.Position, limit int) ([]eventlog.Recorded, bool, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range s.events {
		if p.Before(e.Position) {
			rest := s.events[i:]
			return rest[:min(limit, len(rest))], len(rest) <= limit, s.more
		}
	}
	return nil, true, s.more
}

// Follow implements projections.Follow.
func (s *script) Follow(_ string, _ []string, from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error) {
	return &scriptSubscriber{s, from}, nil
}

// options are those of a runner that follows the script.
func (s *script) options(pool *pgxpool.Pool) projections.Options {
	return projections.Options{Pool: pool, Follow: s.Follow, Log: s, End: s.End}
}

type scriptSubscriber struct {
	*script
	from func(context.Context) (eventlog.Position, error)
}

func (s *scriptSubscriber) Close() error { return nil }

func (s *scriptSubscriber) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	out := make(chan *message.Message)
	go func() {
		defer close(out)
		p, err := s.from(ctx)
		for err != nil && ctx.Err() == nil {
			wait(ctx, 10*time.Millisecond)
			p, err = s.from(ctx)
		}
		for ctx.Err() == nil {
			events, all, more := s.after(p, s.batch)
			if len(events) == 0 {
				select {
				case <-more:
				case <-ctx.Done():
				}
				continue
			}
			upto := events[len(events)-1].Position
			if deliver(ctx, out, eventlog.Batch{Events: events, Upto: upto, CaughtUp: all}) {
				p = upto
			}
		}
	}()
	return out, nil
}

func deliver(ctx context.Context, out chan<- *message.Message, b eventlog.Batch) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := message.NewMessage(b.Upto.String(), nil)
	m.SetContext(eventlog.ContextWithBatch(ctx, b))
	select {
	case out <- m:
	case <-ctx.Done():
		return false
	}
	select {
	case <-m.Acked():
		return true
	case <-m.Nacked():
		wait(ctx, 5*time.Millisecond)
	case <-ctx.Done():
	}
	return false
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// The script is all of a log that a runner reads.
func (s *script) ReadAll(_ context.Context, after eventlog.Position, _ ...string) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		for {
			events, _, _ := s.after(after, 1000)
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
				after = e.Position
			}
			if len(events) == 0 {
				return
			}
		}
	}
}

func (s *script) ReadLast(context.Context, string) (eventlog.Recorded, bool, error) {
	panic("a runner reads no last event")
}

func (s *script) ReadStream(_ context.Context, stream string, from eventlog.Revision) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range s.events {
			if e.Stream == stream && e.Revision >= from && !yield(e, nil) {
				return
			}
		}
	}
}

// End is where the script ends.
func (s *script) End(context.Context) (eventlog.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) == 0 {
		return eventlog.Position{}, nil
	}
	return s.events[len(s.events)-1].Position, nil
}

func (s *script) Append(context.Context, string, eventlog.Revision, ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	panic("a runner appends nothing")
}

var errBad = errors.New("this counter cannot be")

// counters is a projection that shows every event applied twice or not at all,
// or out of order.
func counters() projections.Projection {
	return projections.Projection{
		Name: "counters", Version: 1, Prefixes: []string{"counter-"},
		Tables: []string{
			`CREATE TABLE counters (name text PRIMARY KEY CHECK (length(name) < 8), n bigint NOT NULL)`,
			`CREATE TABLE seen (position bigint NOT NULL, at serial)`,
		},
		Indexes: []projections.Index{
			{SQL: `CREATE INDEX seen_position ON seen (position)`},
			{SQL: `CREATE INDEX never ON seen USING nothing (position)`, Extension: "no_such_extension"},
		},
		Apply: func(ctx context.Context, tx pgx.Tx, events []eventlog.Recorded) error {
			var names []string
			var ns, positions []int64
			for _, e := range events {
				c := e.Event.(counted)
				switch c.Counter {
				case "bad":
					return errBad
				case "panic":
					panic("a bug")
				}
				names, ns, positions = append(names, c.Counter), append(ns, int64(c.N)), append(positions, int64(e.Position.Commit))
			}
			_, err := tx.Exec(ctx, `INSERT INTO counters AS c SELECT name, sum(n) FROM unnest($1::text[], $2::bigint[]) e (name, n) GROUP BY name
				ON CONFLICT (name) DO UPDATE SET n = c.n + excluded.n`, names, ns)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `INSERT INTO seen (position) SELECT unnest($1::bigint[])`, positions)
			return err
		},
	}
}

// started is a runner at work.
type started struct {
	*projections.Runner
	end  func() // asks it to stop
	stop func() // and waits for it
}

func start(t testing.TB, o projections.Options, ps []projections.Projection, reactions ...projections.Reaction) started {
	t.Helper()
	if o.LeasePoll == 0 {
		o.LeasePoll = 20 * time.Millisecond
	}
	r, err := projections.New(o, ps, reactions)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(stop)
	return started{r, cancel, stop}
}

// within bounds what a test waits for; it is no measure of speed.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (r started) waitFor(t testing.TB, name string, p eventlog.Position) {
	t.Helper()
	require.NoError(t, r.WaitFor(within(t), []string{name}, p))
}

// status waits until the follower's status is as wanted.
func (r started) status(t testing.TB, name string, want func(projections.Status) bool) projections.Status {
	t.Helper()
	ctx := within(t)
	for {
		all, err := r.Status(ctx)
		for _, s := range all {
			if err == nil && s.Name == name && want(s) {
				return s
			}
		}
		require.NoError(t, ctx.Err(), "status is %+v %v", all, err)
		wait(ctx, 10*time.Millisecond)
	}
}

// requireExact says that each event of the script was applied once, in order.
func requireExact(t testing.TB, pool *pgxpool.Pool, s *script, schema string) {
	t.Helper()
	rows, err := pool.Query(t.Context(), fmt.Sprintf(`SELECT position FROM %s.seen ORDER BY at`, schema))
	require.NoError(t, err)
	seen, err := pgx.CollectRows(rows, pgx.RowTo[uint64])
	require.NoError(t, err)
	want := []uint64{}
	sums := map[string]int{}
	for _, e := range s.events {
		want = append(want, e.Position.Commit)
		sums[e.Event.(counted).Counter] += e.Event.(counted).N
	}
	require.Equal(t, want, seen)
	for name, sum := range sums {
		var n int
		require.NoError(t, pool.QueryRow(t.Context(), fmt.Sprintf(`SELECT n FROM %s.counters WHERE name = $1`, schema), name).Scan(&n))
		require.Equal(t, sum, n, name)
	}
}

func many(n int) []domain.Event {
	events := make([]domain.Event, n)
	for i := range events {
		events[i] = counted{Counter: strings.Repeat("x", 1+i%7), N: i}
	}
	return events
}
