package feed_test

import (
	"context"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/projections"
	"github.com/fleetledger/fleetledger/projections/feed"
)

// log is a history that can be read as a whole.
type log struct {
	eventlog.Log
	*history
}

func (l log) ReadAll(_ context.Context, after eventlog.Position, _ ...string) iter.Seq2[eventlog.Recorded, error] {
	return func(yield func(eventlog.Recorded, error) bool) {
		for _, e := range l.events {
			if after.Before(e.Position) && !yield(e, nil) {
				return
			}
		}
	}
}

// A reader that goes on behind any event, computed ones too, is given the same rest after
// a rebuild.
func TestRebuild(t *testing.T) {
	t.Parallel()
	m, h := given(t)
	h.device(a, registered(a, customer, day0+92))
	h.device(b, registered(b, customer, day0+1))
	for day := range 100 {
		h.mark(day0.AddDays(day))
		if day%30 == 0 {
			h.device(a, device.Renamed{NewName: "gate"})
		}
	}
	for len(h.events) > m.done {
		m.apply(t, h.events[m.done:min(m.done+7, len(h.events))])
	}
	before := m.items(t)
	require.Len(t, before, 2+4+6)
	runner, err := projections.New(projections.Options{Pool: m.pool, Log: log{history: h}, Source: "test"}, []projections.Projection{projection}, nil)
	require.NoError(t, err)
	require.NoError(t, runner.Rebuild(t.Context(), feed.Name, nil))
	for i, item := range before {
		n, err := m.reader.Find(t.Context(), item.Event)
		require.NoError(t, err)
		rest, err := m.reader.Items(t.Context(), query.FeedQuery{After: n, Upto: 1000, Limit: 1000})
		require.NoError(t, err)
		require.Equal(t, append([]query.FeedItem{}, before[i+1:]...), append([]query.FeedItem{}, rest.Found...))
	}
}
