package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// repeatAfter is how long a message of river's is not repeated. While the
// database is away it would come with every poll.
const repeatAfter = time.Minute

// riverLogger is for river's own messages: warnings and errors only, since river
// logs every job count, start and stop; and each message once a minute.
func riverLogger(l *slog.Logger) *slog.Logger {
	return slog.New(throttled{l.Handler(), &lastLogged{times: map[string]time.Time{}}})
}

type throttled struct {
	slog.Handler
	last *lastLogged
}

func (h throttled) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h throttled) Handle(ctx context.Context, record slog.Record) error {
	if h.last.recently(record.Message, record.Time) {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}

func (h throttled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return throttled{h.Handler.WithAttrs(attrs), h.last}
}

func (h throttled) WithGroup(name string) slog.Handler {
	return throttled{h.Handler.WithGroup(name), h.last}
}

// lastLogged remembers when each message was last let through. There are only as
// many as river's source has; what varies are the attributes.
type lastLogged struct {
	mu    sync.Mutex
	times map[string]time.Time
}

// recently reports whether the message was let through a short time ago, and
// remembers it when it was not.
func (l *lastLogged) recently(message string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, ok := l.times[message]; ok && now.Sub(last).Abs() < repeatAfter {
		return true
	}
	l.times[message] = now
	return false
}
