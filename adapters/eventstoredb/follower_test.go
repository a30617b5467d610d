package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/codec"
)

// following is a running Follow whose batches the test takes one by one.
type following struct {
	batches chan eventlog.Batch
	handled chan error // the answer to each batch
	ended   chan error
}

func follow(t *testing.T, s *Store, o FollowOptions, from func(context.Context) (eventlog.Position, error)) *following {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &following{batches: make(chan eventlog.Batch), handled: make(chan error), ended: make(chan error, 1)}
	if o.Backoff == (Backoff{}) {
		o.Backoff = Backoff{Min: time.Millisecond, Max: 50 * time.Millisecond}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.ended <- s.Follow(ctx, o, from, func(ctx context.Context, b eventlog.Batch) error {
			select {
			case f.batches <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case err := <-f.handled:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	return f
}

func fromStart(context.Context) (eventlog.Position, error) { return eventlog.Position{}, nil }

// take gives the next batch; it is being handled until done is called.
func (f *following) take(t *testing.T) eventlog.Batch {
	t.Helper()
	select {
	case b := <-f.batches:
		return b
	case err := <-f.ended:
		t.Fatalf("the follower ended: %v", err)
	case <-within(t, 30*time.Second).Done():
		t.Fatal("no batch")
	}
	return eventlog.Batch{}
}

func (f *following) done() { f.handled <- nil }

// until handles batches until so many events came, and gives them and the last.
func (f *following) until(t *testing.T, count int) (events []eventlog.Recorded, last eventlog.Batch) {
	t.Helper()
	for len(events) < count {
		last = f.take(t)
		f.done()
		events = append(events, last.Events...)
	}
	return events, last
}

func inOrder(t *testing.T, events []eventlog.Recorded, count int) {
	t.Helper()
	require.Len(t, events, count)
	for i, e := range events {
		require.Equal(t, fmt.Sprint(i), number(e))
		require.True(t, i == 0 || events[i-1].Position.Before(e.Position))
	}
}

func TestFollowInGreedyBatches(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	const count = 2300
	events := facts(count)
	for i := 0; i < count; i += 100 {
		_, _, err := s.Append(t.Context(), fmt.Sprintf("account-%d", i), eventlog.NoStream, events[i:i+100]...)
		require.NoError(t, err)
	}
	f := follow(t, s, FollowOptions{Prefixes: []string{"account-"}, Checkpoint: time.Hour}, fromStart)
	var got []eventlog.Recorded
	for len(got) < count {
		b := f.take(t)
		require.NotEmpty(t, b.Events)
		require.LessOrEqual(t, len(b.Events), 500)
		require.Equal(t, b.Events[len(b.Events)-1].Position, b.Upto)
		got = append(got, b.Events...)
		f.done()
	}
	inOrder(t, got, count)

	// One at a time when idle, and each says that there is nothing after it.
	for i := range 3 {
		_, at, err := s.Append(t.Context(), "account-x", eventlog.Any, fact(i))
		require.NoError(t, err)
		b := f.take(t)
		for len(b.Events) == 0 { // that it has caught up
			assert.True(t, b.CaughtUp)
			f.done()
			b = f.take(t)
		}
		require.Len(t, b.Events, 1)
		assert.Equal(t, at, b.Upto)
		assert.True(t, b.CaughtUp)
		f.done()
	}
}

func TestFollowBatchesFillWhileOneIsHandled(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	_, _, err := s.Append(t.Context(), "account-1", eventlog.NoStream, fact(0))
	require.NoError(t, err)
	f := follow(t, s, FollowOptions{Prefixes: []string{"account-"}}, fromStart)
	first := f.take(t)
	for len(first.Events) == 0 {
		f.done()
		first = f.take(t)
	}
	for i := range 50 {
		_, _, err := s.Append(t.Context(), "account-1", eventlog.Any, fact(i+1))
		require.NoError(t, err)
	}
	f.done()
	got, largest := first.Events, 0
	for len(got) < 51 {
		b := f.take(t)
		f.done()
		got, largest = append(got, b.Events...), max(largest, len(b.Events))
	}
	inOrder(t, got, 51)
	assert.Greater(t, largest, 1)
}

func TestFollowLimitsBytes(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	events := facts(40)
	for i := range events {
		events[i].Metadata.Reason = string(make([]byte, 5000)) // 30,000 bytes as JSON
	}
	for i := 0; i < 40; i += 10 {
		_, _, err := s.Append(t.Context(), fmt.Sprintf("account-%d", i), eventlog.NoStream, events[i:i+10]...)
		require.NoError(t, err)
	}
	f := follow(t, s, FollowOptions{Prefixes: []string{"account-"}, MaxBytes: 100_000, Checkpoint: time.Hour}, fromStart)
	var got []eventlog.Recorded
	for len(got) < 40 {
		b := f.take(t)
		require.LessOrEqual(t, len(b.Events), 4)
		got = append(got, b.Events...)
		f.done()
	}
	inOrder(t, got, 40)
}

// A slow reader falls so far behind that the node reads the log from PostgreSQL
// for it. It is not told so, and is back at the end all the same.
func TestFollowAfterFallingBehind(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	f := follow(t, s, FollowOptions{Prefixes: []string{"account-"}, MaxEvents: 20, Checkpoint: time.Hour}, fromStart)
	for !f.take(t).CaughtUp {
		f.done()
	}
	const count = 1200 // 36 MB, more than the node keeps in memory
	events := facts(count)
	for i := range events {
		events[i].Metadata.Reason = string(make([]byte, 5000)) // 30,000 bytes as JSON
	}
	for i := 0; i < count; i += 30 {
		_, _, err := s.Append(t.Context(), fmt.Sprintf("account-%d", i), eventlog.NoStream, events[i:i+30]...)
		require.NoError(t, err)
	}
	f.done()
	got, last := f.until(t, count)
	inOrder(t, got, count)
	for !last.CaughtUp {
		last = f.take(t)
		f.done()
	}
}

func TestFollowGoesOnBehindWhatWasHandled(t *testing.T) {
	t.Parallel()
	node := eventnodetest.NewRestartable(t)
	node.Start()
	p := newProxy(t, node.SocketPath())
	s := open(t, p.socket)
	const count = 3000
	rev := eventlog.NoStream
	events := facts(count)
	for i := 0; i < count; i += 1000 {
		var err error
		rev, _, err = s.Append(t.Context(), "account-1", rev, events[i:i+1000]...)
		require.NoError(t, err)
	}
	f := follow(t, s, FollowOptions{Name: "f", Prefixes: []string{"account-"}}, fromStart)
	var got []eventlog.Recorded
	for len(got) < count {
		b := f.take(t)
		p.cut() // while it is being handled
		f.done()
		got = append(got, b.Events...)
	}
	inOrder(t, got, count)

	node.Stop()
	node.Start()
	_, _, err := s.Append(t.Context(), "account-1", rev, fact(count))
	require.NoError(t, err)
	more, _ := f.until(t, 1)
	inOrder(t, append(got, more...), count+1)
	assert.Greater(t, value(t, s.metrics.subscriptions.WithLabelValues("f")), 1.0)
}

func TestFollowLoadsItsPositionAtEachStart(t *testing.T) {
	t.Parallel()
	node := eventnodetest.NewRestartable(t)
	node.Start()
	p := newProxy(t, node.SocketPath())
	s := open(t, p.socket)
	_, second, err := s.Append(t.Context(), "account-1", eventlog.NoStream, facts(2)...)
	require.NoError(t, err)
	_, _, err = s.Append(t.Context(), "account-1", eventlog.Any, fact(2))
	require.NoError(t, err)

	loads := make(chan struct{}, 100)
	failing := 3
	from := func(context.Context) (eventlog.Position, error) {
		loads <- struct{}{}
		if failing > 0 {
			failing--
			return eventlog.Position{}, errors.New("the database is away")
		}
		return second, nil
	}
	f := follow(t, s, FollowOptions{Prefixes: []string{"account-"}}, from)
	got, _ := f.until(t, 1)
	assert.Equal(t, "2", number(got[0]), "behind the loaded position")
	require.Len(t, loads, 4)

	p.cut() // the loaded position is now behind what was handled
	_, _, err = s.Append(t.Context(), "account-1", eventlog.Any, fact(3))
	require.NoError(t, err)
	got, _ = f.until(t, 1)
	assert.Equal(t, "3", number(got[0]), "nothing is repeated")
	require.GreaterOrEqual(t, len(loads), 5)
}

func TestFollowTellsHowFarItLooked(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	// Many events of others: the position moves on without events.
	var last eventlog.Position
	for i := range 5 {
		var err error
		_, last, err = s.Append(t.Context(), fmt.Sprintf("device-%d", i), eventlog.NoStream, facts(100)...)
		require.NoError(t, err)
	}
	f := follow(t, s, FollowOptions{Prefixes: []string{"account-"}, Checkpoint: time.Millisecond}, fromStart)
	upto, caughtUp := eventlog.Position{}, false
	for !caughtUp || upto.Commit+searchWindow < last.Commit {
		b := f.take(t)
		require.Empty(t, b.Events)
		require.False(t, b.Upto.Before(upto), "never backwards")
		upto, caughtUp = b.Upto, caughtUp || b.CaughtUp
		f.done()
	}
	assert.False(t, last.Before(upto), "never ahead of the log")
}

func TestFollowStopsAtAnUnknownEvent(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	known, err := s.encode(t.Context(), "account-1", fact(0))
	require.NoError(t, err)
	unknown, after := known, known
	unknown.EventID, unknown.EventType = uuid.New(), "FromTheFuture"
	after.EventID = uuid.New()
	_, _, err = s.append(t.Context(), "account-1", eventlog.NoStream, []esdb.EventData{known, unknown, after})
	require.NoError(t, err)
	f := follow(t, s, FollowOptions{Prefixes: []string{"account-"}}, fromStart)
	got, b := f.until(t, 1)
	inOrder(t, got, 1)
	assert.False(t, b.CaughtUp)
	select {
	case err := <-f.ended:
		require.ErrorIs(t, err, codec.ErrUnknown)
		f.ended <- err
	case <-f.batches:
		t.Fatal("skipped an event")
	}
}

func TestFollowEndsWithItsHandler(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	_, _, err := s.Append(t.Context(), "account-1", eventlog.NoStream, fact(0))
	require.NoError(t, err)
	f := follow(t, s, FollowOptions{Prefixes: []string{"account-"}}, fromStart)
	f.take(t)
	wanted := errors.New("enough")
	f.handled <- wanted
	require.ErrorIs(t, <-f.ended, wanted)
	require.Error(t, s.Follow(t.Context(), FollowOptions{}, fromStart, nil), "no prefixes")
}

func TestFollowEndsWithTheStore(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	f := follow(t, s, FollowOptions{Prefixes: []string{"account-"}}, fromStart)
	f.take(t)
	f.done()
	require.NoError(t, s.Close())
	require.ErrorIs(t, <-f.ended, eventlog.ErrUnavailable)
}
