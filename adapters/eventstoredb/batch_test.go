package eventstoredb

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// told makes a batcher of what a subscription would tell.
func told(notices ...notice) (*batcher, chan notice) {
	c := make(chan notice, 100)
	b := batcherOf(c)
	for _, n := range notices {
		c <- n
	}
	return b, c
}

func batcherOf(c <-chan notice) *batcher {
	return &batcher{
		notices: c,
		ended:   func() error { return errNoAnswer },
		decode: func(e *esdb.RecordedEvent) (eventlog.Recorded, error) {
			return eventlog.Recorded{Revision: eventlog.Revision(e.EventNumber), Position: position(e)}, nil
		},
		maxEvents: 3, maxBytes: 100, checkpoint: time.Second, lastAt: time.Now(),
	}
}

func at(n uint64) eventlog.Position { return eventlog.Position{Commit: n, Prepare: n} }

func event(n uint64, size ...int) notice {
	e := &esdb.RecordedEvent{EventNumber: n, Position: esdb.Position{Commit: n, Prepare: n}}
	for _, s := range size {
		e.Data = make([]byte, s)
	}
	return notice{event: e}
}

// batches gives as many batches as can be made without waiting for long.
func batches(t *testing.T, b *batcher) (made []eventlog.Batch) {
	t.Helper()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		batch, err := b.next(ctx)
		cancel()
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			return made
		}
		made = append(made, batch)
	}
}

type shape struct {
	events   int
	upto     eventlog.Position
	caughtUp bool
}

func shapes(made []eventlog.Batch) []shape {
	s := make([]shape, len(made))
	for i, b := range made {
		s[i] = shape{len(b.Events), b.Upto, b.CaughtUp}
	}
	return s
}

func TestBatches(t *testing.T) {
	t.Parallel()
	checkpoint := func(p eventlog.Position) notice { return notice{checkpoint: p} }
	end, behind := notice{caughtUp: true}, notice{fellBehind: true}
	for name, c := range map[string]struct {
		told []notice
		want []shape
	}{
		"all that is there":              {[]notice{event(1), event(2)}, []shape{{2, at(2), false}}},
		"full by events":                 {[]notice{event(1), event(2), event(3), event(4)}, []shape{{3, at(3), false}, {1, at(4), false}}},
		"full by bytes":                  {[]notice{event(1, 60), event(2, 60), event(3)}, []shape{{2, at(2), false}, {1, at(3), false}}},
		"an event larger than a batch":   {[]notice{event(1, 500), event(2)}, []shape{{1, at(1), false}, {1, at(2), false}}},
		"caught up with the events":      {[]notice{event(1), end}, []shape{{1, at(1), true}}},
		"caught up after the events":     {[]notice{event(1), event(2), event(3), end}, []shape{{3, at(3), false}, {0, at(3), true}}},
		"caught up said again":           {[]notice{end, end, event(1), end}, []shape{{1, at(1), true}}},
		"caught up and more":             {[]notice{end, event(1), event(2), event(3), event(4)}, []shape{{3, at(3), false}, {1, at(4), true}}},
		"fell behind, should one say it": {[]notice{end, behind, event(1)}, []shape{{1, at(1), false}}},
		"repeated events":                {[]notice{event(1), event(2), event(1), event(2)}, []shape{{2, at(2), false}}},
		"a checkpoint behind":            {[]notice{event(5), checkpoint(at(4)), checkpoint(eventlog.Position{Commit: 5})}, []shape{{1, at(5), false}}},
		"a checkpoint after events":      {[]notice{event(5), checkpoint(at(9))}, []shape{{1, at(9), false}}},
		"checkpoints only":               {[]notice{checkpoint(at(3)), checkpoint(at(7))}, []shape{{0, at(7), false}}},
		"event at a bare checkpoint":     {[]notice{checkpoint(eventlog.Position{Commit: 5}), event(5)}, []shape{{1, at(5), false}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, _ := told(c.told...)
				assert.Equal(t, c.want, shapes(batches(t, b)))
			})
		})
	}
}

func TestCheckpointsAreSpaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, c := told()
		go func() { // ten a second for ten seconds
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for i := range 100 {
				<-tick.C
				c <- notice{checkpoint: at(uint64(i + 1))}
			}
		}()
		made := batches(t, b)
		assert.LessOrEqual(t, len(made), 11)
		assert.GreaterOrEqual(t, len(made), 9)
		assert.Equal(t, at(100), made[len(made)-1].Upto, "the last is not forgotten")
	})
}

func TestCaughtUpIsToldOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, c := told(notice{caughtUp: true})
		require.Len(t, batches(t, b), 1)
		c <- notice{caughtUp: true}
		require.Empty(t, batches(t, b), "nothing new")
		c <- notice{fellBehind: true}
		require.Empty(t, batches(t, b))
		c <- notice{caughtUp: true}
		require.Len(t, batches(t, b), 1)
	})
}

// A store does not say that a reader fell behind. A reader whose queue overflows
// takes it for possible, until the store says CaughtUp again or nothing more had
// to wait for a while.
func TestSlowReaderIsNotSureToBeAtTheEnd(t *testing.T) {
	t.Parallel()
	six := []notice{event(1), event(2), event(3), event(4), event(5), event(6)}
	for name, c := range map[string]struct {
		told  []notice
		after time.Duration
	}{
		"told again":     {append(slices.Clone(six), notice{caughtUp: true}), 0},
		"not told again": {six, overflowDoubt},
		"fast enough":    {six[5:], 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				notices := make(chan notice, 2)
				b := batcherOf(notices)
				notices <- notice{caughtUp: true}
				require.Equal(t, []shape{{0, eventlog.Position{}, true}}, shapes(batches(t, b)))
				go func() {
					for _, n := range c.told {
						notices <- n
					}
				}()
				synctest.Wait() // the queue is full, if there are enough
				began := time.Now()
				for caughtUp := false; !caughtUp; {
					batch, err := b.next(t.Context())
					require.NoError(t, err)
					if caughtUp = batch.CaughtUp; caughtUp {
						assert.Equal(t, at(6), batch.Upto)
					}
				}
				assert.Equal(t, c.after, time.Since(began))
			})
		})
	}
}

// Events that keep coming do not keep a reader that has become fast enough from
// being at the end.
func TestReaderIsSureAgainAmongEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		notices := make(chan notice, 2)
		b := batcherOf(notices)
		go func() {
			notices <- notice{caughtUp: true}
			for n := range uint64(5) {
				notices <- event(n + 1)
			}
			tick := time.NewTicker(overflowDoubt / 3)
			defer tick.Stop()
			for n := range uint64(9) {
				<-tick.C
				notices <- event(n + 6)
			}
		}()
		synctest.Wait()
		made := shapes(batches(t, b))
		first := slices.IndexFunc(made, func(s shape) bool { return s.caughtUp })
		require.Positive(t, first)
		assert.False(t, made[first].upto.Before(at(5)), "what had to wait was not the end")
		assert.True(t, made[first].upto.Before(at(10)), "sure again while events come")
		for _, s := range made[first:] {
			assert.True(t, s.caughtUp)
		}
	})
}

func TestBatchBeforeTheEnd(t *testing.T) {
	t.Parallel()
	b, c := told(event(1), event(2))
	close(c)
	batch, err := b.next(t.Context())
	require.NoError(t, err, "what came before the end is delivered")
	require.Len(t, batch.Events, 2)
	_, err = b.next(t.Context())
	require.ErrorIs(t, err, errNoAnswer)
}

func TestEventWithoutPosition(t *testing.T) {
	t.Parallel()
	b, _ := told(event(0))
	_, err := b.next(t.Context())
	var u unreadableError
	require.ErrorAs(t, err, &u, "it must not be taken for a repetition")
}

// While events come one after the other they are gathered for a while; what comes alone
// goes at once.
func TestBusyBatchesAreGathered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := make(chan notice, 100)
		b := batcherOf(c)
		tell := func(after time.Duration, numbers ...uint64) {
			time.AfterFunc(after, func() {
				for _, n := range numbers {
					c <- event(n)
				}
			})
		}
		begun := time.Now()
		next := func() (events int, after time.Duration) {
			batch, err := b.next(t.Context())
			require.NoError(t, err)
			return len(batch.Events), time.Since(begun)
		}
		want := func(events int, after time.Duration) {
			t.Helper()
			gotEvents, gotAfter := next()
			assert.Equal(t, events, gotEvents)
			assert.Equal(t, after, gotAfter)
		}
		tell(20*time.Millisecond, 1)
		want(1, 20*time.Millisecond)
		tell(time.Millisecond, 2, 3)
		want(2, 21*time.Millisecond) // one alone was before
		tell(2*time.Millisecond, 4)
		tell(6*time.Millisecond, 5)
		want(2, 31*time.Millisecond)
		tell(time.Millisecond, 6, 7, 8)
		want(3, 32*time.Millisecond) // it is full
		tell(50*time.Millisecond, 9)
		want(1, 82*time.Millisecond)
	})
}
