package projections_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/projections"
)

// A reaction begins where the latest of those that it stands for got to; where some
// of several are missing, they do not count.
func TestReactionTakesThePlaceOfEarlierOnes(t *testing.T) {
	t.Parallel()
	pool, log := pgtest.Pool(t), newScript(10)
	reaction := func(name string, handled *int, replaces ...[]string) projections.Reaction {
		var mu sync.Mutex
		return projections.Reaction{Name: name, Prefixes: []string{"counter-"}, Replaces: replaces, Handle: func(_ context.Context, b eventlog.Batch) error {
			mu.Lock()
			defer mu.Unlock()
			*handled += len(b.Events)
			return nil
		}}
	}
	run := func(last eventlog.Position, one projections.Reaction) {
		r := start(t, log.options(pool), nil, one)
		r.waitFor(t, one.Name, last)
		r.stop()
	}
	var ancient, before, now, alone int
	last := log.add(many(20)...)
	run(last, reaction("ancient", &ancient))
	last = log.add(many(20)...)
	run(last, reaction("before", &before, []string{"ancient"}))
	require.Equal(t, []int{20, 20}, []int{ancient, before})
	last = log.add(many(5)...)
	run(last, reaction("now", &now, []string{"before"}, []string{"ancient"}))
	require.Equal(t, 5, now)
	run(last, reaction("alone", &alone, []string{"now", "never"}))
	require.Equal(t, 45, alone)
	now = 0
	last = log.add(many(1)...)
	run(last, reaction("now", &now, []string{"ancient"}))
	require.Equal(t, 1, now, "it has its own place by now")
}
