package eventnode_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
)

// event is a JSON event with a fresh id.
func event(typ string) esdb.EventData {
	return esdb.EventData{EventID: uuid.New(), EventType: typ, ContentType: esdb.ContentTypeJson, Data: []byte(`{"n":1}`)}
}

func events(typ string, n int) []esdb.EventData {
	out := make([]esdb.EventData, n)
	for i := range out {
		out[i] = event(fmt.Sprintf("%s-%d", typ, i))
	}
	return out
}

func mustAppend(t testing.TB, c *esdb.Client, stream string, expected esdb.ExpectedRevision, ev ...esdb.EventData) *esdb.WriteResult {
	t.Helper()
	res, err := c.AppendToStream(t.Context(), stream, esdb.AppendToStreamOptions{ExpectedRevision: expected}, ev...)
	if err != nil {
		t.Fatalf("append to %s: %v", stream, err)
	}
	return res
}

// drain reads a plain read to its end.
func drain(s *esdb.ReadStream, err error) ([]*esdb.ResolvedEvent, error) {
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var out []*esdb.ResolvedEvent
	for {
		e, err := s.Recv()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
}

func readStream(t testing.TB, c *esdb.Client, stream string, o esdb.ReadStreamOptions) []*esdb.ResolvedEvent {
	t.Helper()
	out, err := drain(c.ReadStream(t.Context(), stream, o, 1<<40))
	if err != nil {
		t.Fatalf("read %s: %v", stream, err)
	}
	return out
}

func revisions(in []*esdb.ResolvedEvent) []uint64 {
	out := make([]uint64, len(in))
	for i, e := range in {
		out[i] = e.OriginalEvent().EventNumber
	}
	return out
}

func types(in []*esdb.ResolvedEvent) []string {
	out := make([]string, len(in))
	for i, e := range in {
		out[i] = e.OriginalEvent().EventType
	}
	return out
}

// wantCode fails unless the error is the client's of this code.
func wantCode(t testing.TB, err error, code esdb.ErrorCode) {
	t.Helper()
	var e *esdb.Error
	if !errors.As(err, &e) || e.Code() != code {
		t.Fatalf("error %v, want code %d", err, code)
	}
}

// nextEvents receives n events, skipping checkpoints and notices.
func nextEvents(t testing.TB, s *esdb.Subscription, n int) []*esdb.ResolvedEvent {
	t.Helper()
	var out []*esdb.ResolvedEvent
	for len(out) < n {
		m := s.Recv()
		if m.SubscriptionDropped != nil {
			t.Fatalf("subscription dropped after %d events: %v", len(out), m.SubscriptionDropped.Error)
		}
		if m.EventAppeared != nil {
			out = append(out, m.EventAppeared)
		}
	}
	return out
}

// untilCaughtUp receives until the subscription says that it has caught up.
func untilCaughtUp(t testing.TB, s *esdb.Subscription) (got []*esdb.ResolvedEvent, checkpoints []esdb.Position) {
	t.Helper()
	for {
		m := s.Recv()
		switch {
		case m.SubscriptionDropped != nil:
			t.Fatalf("subscription dropped: %v", m.SubscriptionDropped.Error)
		case m.EventAppeared != nil:
			got = append(got, m.EventAppeared)
		case m.CheckPointReached != nil:
			checkpoints = append(checkpoints, *m.CheckPointReached)
		case m.FellBehind != nil:
			t.Fatal("told to have fallen behind: the real server never says so")
		case m.CaughtUp != nil:
			return got, checkpoints
		}
	}
}

func subscribeAll(t testing.TB, c *esdb.Client, o esdb.SubscribeToAllOptions) *esdb.Subscription {
	t.Helper()
	s, err := c.SubscribeToAll(context.WithoutCancel(t.Context()), o)
	if err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func subscribeStream(t testing.TB, c *esdb.Client, stream string, from esdb.StreamPosition) *esdb.Subscription {
	t.Helper()
	s, err := c.SubscribeToStream(context.WithoutCancel(t.Context()), stream, esdb.SubscribeToStreamOptions{From: from})
	if err != nil {
		t.Fatalf("subscribe to %s: %v", stream, err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
