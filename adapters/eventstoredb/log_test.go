package eventstoredb

import (
	"context"
	"iter"
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

func TestAppendAndReadStream(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	ctx := t.Context()

	first := facts(2)
	rev, at, err := s.Append(ctx, "account-1", eventlog.NoStream, first...)
	require.NoError(t, err)
	assert.Equal(t, eventlog.Revision(1), rev)
	third := fact(2)
	third.Metadata.Reason, third.Metadata.CorrelationID, third.Metadata.CausationID = "why", "c1", "c0"
	rev, later, err := s.Append(ctx, "account-1", rev, third)
	require.NoError(t, err)
	assert.Equal(t, eventlog.Revision(2), rev)
	assert.True(t, at.Before(later), "%v then %v", at, later)

	got := all(t, s.ReadStream(ctx, "account-1", 0))
	require.Len(t, got, 3)
	for i, e := range append(first, third) {
		assert.Equal(t, e.ID, got[i].ID)
		assert.Equal(t, "account-1", got[i].Stream)
		assert.Equal(t, eventlog.Revision(i), got[i].Revision)
		assert.Equal(t, e.Event, got[i].Event)
		e.Metadata.SchemaVersion = 1
		assert.Equal(t, e.Metadata, got[i].Metadata)
		assert.WithinDuration(t, time.Now(), got[i].RecordedAt, time.Minute)
	}
	assert.Equal(t, later, got[2].Position, "the position the append gave")
	assert.Equal(t, got[1:], all(t, s.ReadStream(ctx, "account-1", 1)))
	assert.Empty(t, all(t, s.ReadStream(ctx, "account-1", 3)))
	last, found, err := s.ReadLast(ctx, "account-1")
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, got[2], last)
	_, found, err = s.ReadLast(ctx, "account-unknown")
	require.NoError(t, err)
	assert.False(t, found)
	assert.Empty(t, all(t, s.ReadStream(ctx, "account-unknown", 0)))
}

func TestOverTCP(t *testing.T) {
	t.Parallel()
	node := eventnodetest.NewRestartable(t, eventnodetest.TCP())
	addr := node.Start().Addr()
	for _, url := range []string{
		"esdb://" + addr + "?tls=false",
		"esdb+discover://" + addr + "?tls=false",
		"esdb://" + addr + "," + addr + "?tls=false",
	} {
		s, err := Open(t.Context(), Options{ConnectionString: url, CallTimeout: 20 * time.Second})
		require.NoError(t, err)
		rev, _, err := s.Append(t.Context(), "account-1", eventlog.Any, fact(0))
		require.NoError(t, err, url)
		node.Stop()
		node.Start()
		require.Len(t, all(t, s.ReadStream(t.Context(), "account-1", 0)), int(rev)+1, url)
		require.NoError(t, s.Close())
	}
}

func TestAppendExpectations(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	ctx := t.Context()
	_, _, err := s.Append(ctx, "account-1", 0, fact(0))
	require.ErrorIs(t, err, eventlog.ErrConflict, "no such stream")

	e := facts(2)
	rev, at, err := s.Append(ctx, "account-1", eventlog.NoStream, e...)
	require.NoError(t, err)
	_, _, err = s.Append(ctx, "account-1", eventlog.NoStream, fact(0))
	require.ErrorIs(t, err, eventlog.ErrConflict)
	_, _, err = s.Append(ctx, "account-1", 0, fact(0))
	require.ErrorIs(t, err, eventlog.ErrConflict, "an old revision")
	_, _, err = s.Append(ctx, "account-1", 5, fact(0))
	require.ErrorIs(t, err, eventlog.ErrConflict, "a revision to come")

	_, _, err = s.Append(ctx, "account-1", eventlog.Any, fact(2))
	require.NoError(t, err)
	again, atAgain, err := s.Append(ctx, "account-1", eventlog.NoStream, e...)
	require.NoError(t, err, "the same append once more")
	assert.Equal(t, rev, again)
	assert.Equal(t, at, atAgain)
	assert.Len(t, all(t, s.ReadStream(ctx, "account-1", 0)), 3)
}

func TestAppendRefusesNonsense(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	_, _, err := s.Append(t.Context(), "account-1", eventlog.Any)
	require.ErrorContains(t, err, "no events")
	_, _, err = s.Append(t.Context(), "account-1", -3, fact(0))
	require.ErrorContains(t, err, "-3 is not a revision")
	noID := fact(0)
	noID.ID = uuid.Nil
	_, _, err = s.Append(t.Context(), "account-1", eventlog.Any, noID)
	require.ErrorContains(t, err, "no id")
	big := fact(0)
	big.Metadata.Reason = string(make([]byte, 2<<20))
	_, _, err = s.Append(t.Context(), "account-1", eventlog.Any, big)
	require.Error(t, err)
	require.NotErrorIs(t, err, eventlog.ErrUnavailable, "too big stays too big")
}

func TestTombstonedStream(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	_, _, err := s.Append(t.Context(), "account-1", eventlog.NoStream, fact(0))
	require.NoError(t, err)
	_, err = with(t.Context(), s, func(ctx context.Context, c *esdb.Client) (*esdb.DeleteResult, error) {
		return c.TombstoneStream(ctx, "account-1", esdb.TombstoneStreamOptions{ExpectedRevision: esdb.Any{}})
	})
	require.NoError(t, err)

	_, _, err = s.Append(t.Context(), "account-1", eventlog.Any, fact(1))
	require.ErrorIs(t, err, eventlog.ErrStreamDeleted)
	require.ErrorIs(t, failure(s.ReadStream(t.Context(), "account-1", 0)), eventlog.ErrStreamDeleted)
}

func TestReadAll(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	ctx := t.Context()
	assert.Empty(t, all(t, s.ReadAll(ctx, eventlog.Position{}, "account-")), "an empty log")

	for i := range 100 {
		stream := []string{"account-1", "device-1", "account-2", "partnership-1"}[i%4]
		_, _, err := s.Append(ctx, stream, eventlog.Any, fact(i))
		require.NoError(t, err)
	}
	got := all(t, s.ReadAll(ctx, eventlog.Position{}, "account-", "partnership-"))
	require.Len(t, got, 75)
	for i, e := range got {
		assert.NotEqual(t, "device-1", e.Stream)
		assert.True(t, i == 0 || got[i-1].Position.Before(e.Position))
	}
	assert.Equal(t, got[40:], all(t, s.ReadAll(ctx, got[39].Position, "account-", "partnership-")))
	assert.Empty(t, all(t, s.ReadAll(ctx, got[74].Position, "account-", "partnership-")))
	assert.Len(t, all(t, s.ReadAll(ctx, eventlog.Position{}, "device-")), 25, "the log's last event is of others")
	assert.Empty(t, all(t, s.ReadAll(ctx, eventlog.Position{}, "unknown-")))
	assert.Error(t, failure(s.ReadAll(ctx, eventlog.Position{})), "no prefixes")
}

func TestReadAllEndsWhereTheLogDid(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	ctx := t.Context()
	_, _, err := s.Append(ctx, "account-1", eventlog.NoStream, facts(10)...)
	require.NoError(t, err)
	n := 0
	for _, err := range s.ReadAll(ctx, eventlog.Position{}, "account-") {
		require.NoError(t, err)
		n++
		_, _, err = s.Append(ctx, "account-1", eventlog.Any, fact(n)) // else without end
		require.NoError(t, err)
	}
	assert.Equal(t, 10, n)
}

func TestReadersStopAtAnUnknownEvent(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	ctx := t.Context()
	known, err := s.encode(t.Context(), "account-1", fact(0))
	require.NoError(t, err)
	unknown := known
	unknown.EventID, unknown.EventType = uuid.New(), "FromTheFuture"
	after := known
	after.EventID = uuid.New()
	_, _, err = s.append(ctx, "account-1", eventlog.NoStream, []esdb.EventData{known, unknown, after})
	require.NoError(t, err)

	for name, read := range map[string]func(func(eventlog.Recorded, error) bool){
		"stream": s.ReadStream(ctx, "account-1", 0),
		"all":    s.ReadAll(ctx, eventlog.Position{}, "account-"),
	} {
		n, last := 0, error(nil)
		for _, err := range read {
			n, last = n+1, err
		}
		assert.Equal(t, 2, n, name)
		require.ErrorIs(t, last, codec.ErrUnknown, name)
		require.NotErrorIs(t, last, eventlog.ErrUnavailable, name)
	}
}

func TestReadsCanBeLeft(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	_, _, err := s.Append(t.Context(), "account-1", eventlog.NoStream, facts(500)...)
	require.NoError(t, err)
	for range 20 {
		for range s.ReadStream(t.Context(), "account-1", 0) {
			break
		}
		for range s.ReadAll(t.Context(), eventlog.Position{}, "account-") {
			break
		}
	}
	require.Eventually(t, func() bool { return len(s.guard.slots) == 0 && s.guard.parked.Load() == 0 },
		10*time.Second, time.Millisecond, "nothing stays inside the client")
}

// A service that stops ends the context of a loop just as the loop is left: the
// error of the context has nobody to go to.
func TestReadsCanBeLeftAsTheirContextEnds(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	_, _, err := s.Append(t.Context(), "account-1", eventlog.NoStream, facts(3)...)
	require.NoError(t, err)
	for name, read := range map[string]func(ctx context.Context) iter.Seq2[eventlog.Recorded, error]{
		"stream": func(ctx context.Context) iter.Seq2[eventlog.Recorded, error] {
			return s.ReadStream(ctx, "account-1", 0)
		},
		"all": func(ctx context.Context) iter.Seq2[eventlog.Recorded, error] {
			return s.ReadAll(ctx, eventlog.Position{}, "account-")
		},
		"sealed": func(ctx context.Context) iter.Seq2[eventlog.Recorded, error] {
			return s.Sealed().ReadAll(ctx, eventlog.Position{}, "account-")
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		seen := 0
		for _, err := range read(ctx) {
			require.NoError(t, err, name)
			seen++
			cancel()
			break
		}
		require.Equal(t, 1, seen, name)
	}
}

func TestReadsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	_, _, err := s.Append(t.Context(), "account-1", eventlog.NoStream, facts(500)...)
	require.NoError(t, err)
	for name, read := range map[string]func(ctx context.Context) error{
		"stream": func(ctx context.Context) error { return failure(s.ReadStream(ctx, "account-1", 0)) },
		"all":    func(ctx context.Context) error { return failure(s.ReadAll(ctx, eventlog.Position{}, "account-")) },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, read(ctx), eventlog.ErrUnavailable, name)
	}
}
