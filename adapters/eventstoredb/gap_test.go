package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

const (
	gapWriters = 8
	gapMost    = 200_000 // events, whatever the time
)

// soak is how long tests of endurance run: FLEETLEDGER_SOAK seconds.
func soak(t *testing.T) time.Duration {
	t.Helper()
	seconds, err := strconv.Atoi(os.Getenv("FLEETLEDGER_SOAK"))
	if err != nil {
		seconds = 3
	}
	return time.Duration(seconds) * time.Second
}

// TestNothingIsLostOrRepeated has eight writers append while a follower reads
// and the node restarts under all of them. Followers that poll with "position
// greater than the last" lose events here, since the order of commits is not
// that of positions given out before.
func TestNothingIsLostOrRepeated(t *testing.T) {
	t.Parallel()
	s, node := running(t)
	duration := soak(t)

	// The follower keeps its position as a projector does: with what it made of
	// the events.
	type applied struct {
		id     uuid.UUID
		stream string
		rev    eventlog.Revision
	}
	var (
		got     []applied
		handled eventlog.Position
		batches int
		appends = make(chan int, 1) // how many, when the writers are done
		ctx     = within(t, duration+2*time.Minute)
		wanted  = -1
		done    = errors.New("all there")
	)
	from := func(context.Context) (eventlog.Position, error) { return handled, nil }
	followed := make(chan error, 1)
	go func() {
		followed <- s.Follow(ctx, FollowOptions{Name: "gap", Prefixes: []string{"account-", "device-"}, Checkpoint: 100 * time.Millisecond},
			from, func(_ context.Context, b eventlog.Batch) error {
				for _, e := range b.Events {
					got = append(got, applied{e.ID, e.Stream, e.Revision})
				}
				handled = b.Upto
				batches++
				select {
				case wanted = <-appends:
				default:
				}
				if wanted >= 0 && len(got) >= wanted && b.CaughtUp {
					return done
				}
				return nil
			})
	}()

	wrote := writeFor(t, s, duration)
	restarts := 0
	for total := -1; total < 0; {
		select {
		case total = <-wrote.total:
			appends <- total + 1
		case <-time.After(duration / 6):
			node.Stop()
			node.Start()
			restarts++
		}
	}
	// A batch after the last event, so that the follower looks at the total.
	_, _, err := s.Append(t.Context(), "account-last", eventlog.NoStream, fact(0))
	require.NoError(t, err)
	require.ErrorIs(t, <-followed, done)

	require.Positive(t, restarts)
	seen := make(map[uuid.UUID]bool, len(got))
	next := map[string]eventlog.Revision{}
	for _, a := range got {
		require.False(t, seen[a.id], "%v came twice", a)
		require.Equal(t, next[a.stream], a.rev, "%s out of order", a.stream)
		seen[a.id] = true
		next[a.stream]++
	}
	missing := 0
	for _, id := range wrote.ids() {
		if !seen[id] {
			missing++
		}
	}
	assert.Zero(t, missing, "events lost")
	assert.Equal(t, wrote.count()+1, len(got), "the log holds what the writers were told, and the last one") //nolint:testifylint // Len would print them all
	t.Logf("%d events from %d writers in %s, %d restarts of the node, %d subscriptions, %d batches",
		len(got), gapWriters, duration, restarts, int(value(t, s.metrics.subscriptions.WithLabelValues("gap"))), batches)
}

// writers append until their time is up and remember what was acknowledged.
type writers struct {
	mu    sync.Mutex
	acked []uuid.UUID
	total chan int
}

func (w *writers) ids() []uuid.UUID { w.mu.Lock(); defer w.mu.Unlock(); return w.acked }
func (w *writers) count() int       { return len(w.ids()) }

func writeFor(t *testing.T, s *Store, duration time.Duration) *writers {
	t.Helper()
	w := &writers{total: make(chan int, 1)}
	over := time.Now().Add(duration)
	var running sync.WaitGroup
	for i := range gapWriters {
		running.Go(func() {
			stream := fmt.Sprintf("%s-%d", []string{"account", "device"}[i%2], i)
			rev := eventlog.NoStream
			for n := 0; time.Now().Before(over) && n < gapMost/gapWriters/2; n++ {
				batch := facts(1 + n%3)
				// As a command does: the same events again when the outcome is unknown.
				for {
					next, _, err := s.Append(t.Context(), stream, rev, batch...)
					if errors.Is(err, eventlog.ErrUnavailable) {
						continue
					}
					if !assert.NoError(t, err) {
						return
					}
					rev = next
					break
				}
				w.mu.Lock()
				for _, e := range batch {
					w.acked = append(w.acked, e.ID)
				}
				w.mu.Unlock()
			}
		})
	}
	go func() {
		running.Wait()
		w.total <- w.count()
	}()
	return w
}
