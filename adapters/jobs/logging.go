package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// repeatAfter is how long a line of the queue is not said again. While the
// database is away it would come with every poll.
const repeatAfter = time.Minute

// quietly makes the queue's logger: warnings and errors only, since river tells
// of every job count, start and stop; and each of its sentences once a minute.
func quietly(l *slog.Logger) *slog.Logger {
	return slog.New(quiet{l.Handler(), &said{last: map[string]time.Time{}}})
}

type quiet struct {
	slog.Handler
	said *said
}

func (h quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h quiet) Handle(ctx context.Context, record slog.Record) error {
	if h.said.lately(record.Message, record.Time) {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}

func (h quiet) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quiet{h.Handler.WithAttrs(attrs), h.said}
}

func (h quiet) WithGroup(name string) slog.Handler {
	return quiet{h.Handler.WithGroup(name), h.said}
}

// said remembers when each sentence was last let through. There are only as
// many as stand in river's source; what varies are the attributes.
type said struct {
	mu   sync.Mutex
	last map[string]time.Time
}

func (s *said) lately(sentence string, at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.last[sentence]; ok && at.Sub(before).Abs() < repeatAfter {
		return true
	}
	s.last[sentence] = at
	return false
}
