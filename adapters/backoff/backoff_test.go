package backoff_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/backoff"
)

func TestDelayDoublesUpToTheLimit(t *testing.T) {
	t.Parallel()
	b := backoff.Backoff{Min: 250 * time.Millisecond, Max: 10 * time.Second}
	for n, full := range map[int]time.Duration{
		0: b.Min, 1: b.Min, 2: 2 * b.Min, 3: 4 * b.Min, 6: 32 * b.Min, 7: b.Max, 100: b.Max, 1 << 20: b.Max,
	} {
		for range 100 {
			require.GreaterOrEqual(t, b.Delay(n), full/2, n)
			require.LessOrEqual(t, b.Delay(n), full, n)
		}
	}
}

func TestDelaysDiffer(t *testing.T) {
	t.Parallel()
	b, seen := backoff.Backoff{Min: time.Hour, Max: time.Hour}, map[time.Duration]bool{}
	for range 10 {
		seen[b.Delay(1)] = true
	}
	require.Greater(t, len(seen), 1)
}
