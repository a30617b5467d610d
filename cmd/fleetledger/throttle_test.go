package main

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRepeatedLinesAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out lines
		log := slog.New(throttle(slog.NewTextHandler(&out, &slog.HandlerOptions{
			ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey {
					return slog.Attr{}
				}
				return a
			},
		})))
		for n := range 30 {
			log.With("follower", "fleet").Warn("again", "error", errors.New("x"), "attempt", n)
			log.With("follower", "mails").Warn("again")
			log.Info("told each time", "n", n)
			log.Warn("request", "status", 503, "requestId", n)
			log.Error("request", "status", 500, "requestId", n)
		}
		first := out.taken()
		require.Equal(t, 63, strings.Count(first, "\n"), first)
		<-time.After(repeatsEvery)
		synctest.Wait()
		require.ElementsMatch(t, []string{
			`level=WARN msg=again follower=fleet error=x attempt=29 repeated=29`,
			`level=WARN msg=again follower=mails repeated=29`,
			`level=WARN msg=request status=503 requestId=29 repeated=29`,
		}, strings.Split(strings.TrimSpace(out.taken()), "\n"))
		log.With("follower", "fleet").Warn("again")
		require.Empty(t, out.taken())
		<-time.After(repeatsEvery)
		synctest.Wait()
		require.Equal(t, "level=WARN msg=again follower=fleet repeated=1\n", out.taken())
		<-time.After(repeatsEvery)
		synctest.Wait()
		log.With("follower", "fleet").Warn("again")
		require.Equal(t, "level=WARN msg=again follower=fleet\n", out.taken(), "told again at once")
	})
}

// lines are what was logged since they were taken; timers log, too.
type lines struct {
	mu  sync.Mutex
	out strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

func (l *lines) taken() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.out.Reset()
	return l.out.String()
}
