package eventstoredb

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// TestIdentity: instances that start at the same time agree on what the log is
// called, and a restore gives it another epoch for whoever asks afterwards.
func TestIdentity(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	clock := clocktest.At(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
	identified := func() eventlog.Identity {
		got, err := eventlog.Identify(t.Context(), s, clock)
		require.NoError(t, err)
		return got
	}
	var seen [8]eventlog.Identity
	var instances sync.WaitGroup
	for i := range seen {
		instances.Go(func() { seen[i], _ = eventlog.Identify(t.Context(), s, clock) })
	}
	instances.Wait()
	first := identified()
	for _, got := range seen {
		require.Equal(t, first, got)
	}
	require.Len(t, all(t, s.ReadStream(t.Context(), eventlog.IdentityStream, 0)), 1)

	taken, err := eventlog.TakeNewEpoch(t.Context(), s, clock)
	require.NoError(t, err)
	restored := identified()
	require.Equal(t, taken, restored.Epoch)
	require.NotEqual(t, first.Epoch, restored.Epoch)
	require.Equal(t, first.Source, restored.Source, "checkpoints go on")

	again, err := eventlog.TakeNewEpoch(t.Context(), s, clock)
	require.NoError(t, err)
	require.NotEqual(t, taken, again)
	require.Equal(t, again, identified().Epoch)
}

// TestAnEmptyLogTakesAnEpoch: what is restored may be nothing.
func TestAnEmptyLogTakesAnEpoch(t *testing.T) {
	t.Parallel()
	s, _ := running(t)
	clock := clocktest.At(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC))
	taken, err := eventlog.TakeNewEpoch(t.Context(), s, clock)
	require.NoError(t, err)
	got, err := eventlog.Identify(t.Context(), s, clock)
	require.NoError(t, err)
	require.Equal(t, taken, got.Epoch)
}
