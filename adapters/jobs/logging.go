package jobs

import (
	"context"
	"log/slog"
)

// warnings makes a logger that leaves out what is below a warning: river tells
// of every job count, start and stop.
func warnings(l *slog.Logger) *slog.Logger { return slog.New(quieter{l.Handler()}) }

type quieter struct{ slog.Handler }

func (h quieter) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}

func (h quieter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quieter{h.Handler.WithAttrs(attrs)}
}

func (h quieter) WithGroup(name string) slog.Handler { return quieter{h.Handler.WithGroup(name)} }
