package eventstoredb

import (
	"context"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/codec"
)

func subscriber(t *testing.T, s *Store, change ...func(*SubscriberOptions)) *Subscriber {
	t.Helper()
	o := SubscriberOptions{
		FollowOptions: FollowOptions{Prefixes: []string{"account-"}, Checkpoint: time.Hour},
		From:          fromStart,
		Redelivery:    Backoff{Min: time.Millisecond, Max: 4 * time.Millisecond},
	}
	for _, c := range change {
		c(&o)
	}
	sub, err := NewSubscriber(s, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sub.Close()) })
	return sub
}

func next(t *testing.T, out <-chan *message.Message) *message.Message {
	t.Helper()
	select {
	case m, ok := <-out:
		require.True(t, ok, "the output was closed")
		return m
	case <-within(t, 30*time.Second).Done():
		t.Fatal("no message")
		return nil
	}
}

// events is the batch of the next message that has events, unanswered.
func events(t *testing.T, out <-chan *message.Message) (*message.Message, eventlog.Batch) {
	t.Helper()
	for {
		m := next(t, out)
		b, ok := eventlog.BatchFrom(m.Context())
		require.True(t, ok)
		if len(b.Events) > 0 {
			return m, b
		}
		require.True(t, m.Ack())
	}
}

func closed(t *testing.T, out <-chan *message.Message) {
	t.Helper()
	select {
	case m, ok := <-out:
		require.False(t, ok, "got %v", m)
	case <-within(t, 30*time.Second).Done():
		t.Fatal("the output stays open")
	}
}

func TestSubscriberCarriesTheBatch(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	type key struct{}
	out, err := subscriber(t, s).Subscribe(context.WithValue(t.Context(), key{}, "mine"), "accounts")
	require.NoError(t, err)
	m := next(t, out) // it has caught up with the empty log
	assert.Equal(t, eventlog.Position{}.String(), m.UUID)
	assert.Equal(t, "0", m.Metadata.Get(MetadataEvents))
	require.True(t, m.Ack())

	_, _, err = s.Append(t.Context(), "account-1", eventlog.NoStream, facts(3)...)
	require.NoError(t, err)
	var got []eventlog.Recorded
	for len(got) < 3 {
		m, b := events(t, out)
		got = append(got, b.Events...)
		last := b.Events[len(b.Events)-1]
		assert.Equal(t, last.ID.String(), m.UUID)
		assert.Empty(t, m.Payload)
		assert.Equal(t, b.Events[0].Position.String(), m.Metadata.Get(MetadataFirst))
		assert.Equal(t, last.Position.String(), m.Metadata.Get(MetadataUpto))
		assert.Equal(t, "mine", m.Context().Value(key{}), "the subscription's context")
		require.NoError(t, m.Context().Err())
		require.True(t, m.Ack())
		<-m.Context().Done()
	}
	inOrder(t, got, 3)
}

func TestSubscriberRedeliversUntilTheAck(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	_, _, err := s.Append(t.Context(), "account-1", eventlog.NoStream, facts(2)...)
	require.NoError(t, err)
	out, err := subscriber(t, s, func(o *SubscriberOptions) { o.Name = "n"; o.MaxEvents = 1 }).Subscribe(t.Context(), "accounts")
	require.NoError(t, err)
	for i := range 2 {
		for range 10 {
			m, b := events(t, out)
			require.Equal(t, fact(i).Event, b.Events[0].Event)
			require.True(t, m.Nack())
			<-m.Context().Done()
		}
		m, b := events(t, out)
		require.Equal(t, fact(i).Event, b.Events[0].Event)
		require.True(t, m.Ack())
	}
	assert.InDelta(t, 20, value(t, s.metrics.redeliveries.WithLabelValues("n")), 0)
}

func TestSubscriberStaysOpenWhileTheNodeIsAway(t *testing.T) {
	t.Parallel()
	s, node := running(t)
	out, err := subscriber(t, s).Subscribe(t.Context(), "accounts")
	require.NoError(t, err)
	for i := range 3 {
		_, _, err := s.Append(t.Context(), "account-1", eventlog.Any, fact(i))
		require.NoError(t, err)
		m, b := events(t, out)
		require.Len(t, b.Events, 1)
		assert.Equal(t, fact(i).Event, b.Events[0].Event)
		node.Stop() // while the batch is being handled
		require.True(t, m.Ack())
		node.Start()
	}
}

func TestSubscriberEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	_, _, err := s.Append(t.Context(), "account-1", eventlog.NoStream, fact(0))
	require.NoError(t, err)
	sub := subscriber(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	out, err := sub.Subscribe(ctx, "accounts")
	require.NoError(t, err)
	m, _ := events(t, out)
	cancel()
	<-m.Context().Done()
	closed(t, out)

	other, err := sub.Subscribe(t.Context(), "accounts") // the subscriber lives on
	require.NoError(t, err)
	_, b := events(t, other)
	require.Len(t, b.Events, 1, "it was not acked")
}

func TestSubscriberClose(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	_, _, err := s.Append(t.Context(), "account-1", eventlog.NoStream, fact(0))
	require.NoError(t, err)
	sub := subscriber(t, s)
	waiting, err := sub.Subscribe(t.Context(), "accounts") // nobody takes the message
	require.NoError(t, err)
	handling, err := sub.Subscribe(t.Context(), "accounts")
	require.NoError(t, err)
	m, _ := events(t, handling)
	require.NoError(t, sub.Close())
	for _, out := range []<-chan *message.Message{waiting, handling} {
		select {
		case _, ok := <-out:
			require.False(t, ok)
		default:
			t.Fatal("Close came back before the outputs were closed")
		}
	}
	<-m.Context().Done()
	require.NoError(t, sub.Close())
	_, err = sub.Subscribe(t.Context(), "accounts")
	require.ErrorIs(t, err, errSubscriberClosed)
}

func TestSubscriberStopsAtAnUnknownEvent(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	known, err := s.encode(t.Context(), "account-1", fact(0))
	require.NoError(t, err)
	unknown := known
	unknown.EventID, unknown.EventType = uuid.New(), "FromTheFuture"
	_, _, err = s.append(t.Context(), "account-1", eventlog.NoStream, []esdb.EventData{known, unknown})
	require.NoError(t, err)
	stopped := make(chan error, 1)
	sub := subscriber(t, s, func(o *SubscriberOptions) { o.Stopped = func(err error) { stopped <- err } })
	out, err := sub.Subscribe(t.Context(), "accounts")
	require.NoError(t, err)
	m, b := events(t, out)
	require.Len(t, b.Events, 1, "what is before it is delivered")
	require.True(t, m.Ack())
	closed(t, out)
	require.ErrorIs(t, <-stopped, codec.ErrUnknown)
	require.ErrorIs(t, sub.Err(), codec.ErrUnknown)
}

func TestSubscriberNeedsItsOptions(t *testing.T) {
	t.Parallel()
	_, err := NewSubscriber(nil, SubscriberOptions{From: fromStart})
	require.Error(t, err)
	_, err = NewSubscriber(nil, SubscriberOptions{FollowOptions: FollowOptions{Prefixes: []string{"account-"}}})
	require.Error(t, err)
}
