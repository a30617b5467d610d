package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// repeatsEvery is how often a line that comes again and again is logged.
const repeatsEvery = time.Minute

// throttled is a handler that logs a warning or an error once, and what of it comes
// again within a minute as one line with the number. Lines are the same when they
// differ only in what each attempt has of its own. Answers to requests are logged
// each, except those that say to come back later: in an outage all do.
type throttled struct {
	slog.Handler
	given string // attributes of all records, as part of the key
	seen  *seenLines
}

type seenLines struct {
	mu    sync.Mutex
	lines map[string]*repeated
}

// repeated is a line that was logged, and what came of it since.
type repeated struct {
	count int
	last  slog.Record
}

func throttle(h slog.Handler) slog.Handler {
	return throttled{Handler: h, seen: &seenLines{lines: map[string]*repeated{}}}
}

// ofAttempt are the attributes that differ from one attempt to the next.
var ofAttempt = map[string]bool{
	"error": true, "err": true, "took": true, "in": true, "after": true, "attempt": true, "position": true, "reason": true,
	"requestId": true, "traceparent": true, "traceId": true, "spanId": true, "caller": true, "route": true, "method": true, "sleep_duration": true,
}

// Handle implements slog.Handler.
func (h throttled) Handle(ctx context.Context, r slog.Record) error {
	key, ok := h.key(r)
	if !ok {
		return h.Handler.Handle(ctx, r)
	}
	h.seen.mu.Lock()
	line, again := h.seen.lines[key]
	if again {
		line.count++
		line.last = r
	} else {
		h.seen.lines[key] = &repeated{}
		time.AfterFunc(repeatsEvery, func() { h.tell(context.WithoutCancel(ctx), key) })
	}
	h.seen.mu.Unlock()
	if again {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// key is what is the same of a line each time it comes; false for one that is
// always logged.
func (h throttled) key(r slog.Record) (string, bool) {
	if r.Level < slog.LevelWarn {
		return "", false
	}
	passing := r.Message != "request"
	var key strings.Builder
	key.WriteString(r.Level.String() + "\x00" + r.Message + "\x00" + h.given)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "status" && a.Value.Kind() == slog.KindInt64 && a.Value.Int64() == http.StatusServiceUnavailable {
			passing = true
		}
		if !ofAttempt[a.Key] {
			key.WriteString("\x00" + a.String())
		}
		return true
	})
	return key.String(), passing
}

// tell logs how often a line has come since, and goes on counting while it does.
func (h throttled) tell(ctx context.Context, key string) {
	h.seen.mu.Lock()
	line := h.seen.lines[key]
	count, last := line.count, line.last
	if count == 0 {
		delete(h.seen.lines, key)
	} else {
		line.count = 0
		time.AfterFunc(repeatsEvery, func() { h.tell(ctx, key) })
	}
	h.seen.mu.Unlock()
	if count > 0 {
		last = last.Clone()
		last.AddAttrs(slog.Int("repeated", count))
		_ = h.Handler.Handle(ctx, last)
	}
}

// WithAttrs implements slog.Handler.
func (h throttled) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		h.given += "\x00" + a.String()
	}
	h.Handler = h.Handler.WithAttrs(attrs)
	return h
}

// WithGroup implements slog.Handler.
func (h throttled) WithGroup(name string) slog.Handler {
	h.given += "\x00" + name
	h.Handler = h.Handler.WithGroup(name)
	return h
}
