package jobs

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRiverDoesNotRepeatItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		logger := riverLogger(slog.New(slog.NewTextHandler(&out, nil)))
		for range 3 {
			logger.Info("started")
			logger.Error("cannot fetch", "attempt", 1)
			logger.With("queue", "q").Error("cannot fetch", "attempt", 2)
			logger.Warn("something else")
		}
		require.Equal(t, 2, strings.Count(out.String(), "\n"), out.String())
		require.NotContains(t, out.String(), "started")
		<-time.After(repeatAfter) // of the bubble's clock
		logger.Error("cannot fetch", "attempt", 3)
		require.Contains(t, out.String(), "attempt=3")
	})
}
