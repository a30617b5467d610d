// Package securitylog keeps the security log: app's SecurityLog on the table
// ops.security_log. What is noted waits in memory for a moment and is written together:
// a flood of failed attempts is a few counted rows, and costs those who are well
// nothing. What waits when a process dies is lost, but for its line in the log and the
// metric.
package securitylog

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
)

const (
	// maxWaiting is how many different entries wait for the database. What there is no
	// room for is counted by its kind.
	maxWaiting = 1000
	writeEvery = time.Second
	grain      = time.Minute // within which the same is one entry
)

// Options are what the log needs.
type Options struct {
	Pool    *pgxpool.Pool
	Clock   eventlog.Clock
	Logger  *slog.Logger
	Metrics prometheus.Registerer
	// Keep is how long entries are kept.
	Keep time.Duration
}

// Log keeps the security log. It is safe for concurrent use.
type Log struct {
	Options
	events *prometheus.CounterVec

	mu      sync.Mutex
	waiting map[uuid.UUID]ports.SecurityEntry
}

var _ ports.SecurityLog = (*Log)(nil)

// New keeps the log in the migrated database of the pool.
func New(o Options) (*Log, error) {
	l := &Log{Options: o, waiting: map[uuid.UUID]ports.SecurityEntry{}, events: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fleetledger_security_events_total", Help: "Entries of the security log, by kind.",
	}, []string{"kind"})}
	for _, kind := range ports.SecurityKinds() {
		l.events.WithLabelValues(string(kind))
	}
	if err := o.Metrics.Register(l.events); err != nil {
		return nil, fmt.Errorf("security log: %w", err)
	}
	return l, nil
}

// Note implements ports.SecurityLog.
func (l *Log) Note(_ context.Context, e ports.SecurityEntry) {
	now := l.Clock.Now().UTC().Truncate(time.Microsecond)
	e.At, e.LastAt, e.Times = now, now, 1
	l.events.WithLabelValues(string(e.Kind)).Inc()
	l.mu.Lock()
	defer l.mu.Unlock()
	e.ID = sameWithin(e)
	l.wait(e)
}

// wait lets an entry wait, or only counts it. The lock is held.
func (l *Log) wait(e ports.SecurityEntry) {
	if _, there := l.waiting[e.ID]; !there && len(l.waiting) >= maxWaiting && e.Kind != ports.SecurityUntold {
		e = ports.SecurityEntry{Kind: ports.SecurityUntold, At: e.At, LastAt: e.LastAt, Times: e.Times, Why: string(e.Kind)}
		e.ID = sameWithin(e)
	}
	l.waiting[e.ID] = merged(l.waiting[e.ID], e)
}

// sameWithin is the id of an entry, which it shares with those that say the same in the
// same minute, on whichever instance.
func sameWithin(e ports.SecurityEntry) uuid.UUID {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\n%s\n%s\n%s\n%q\n%s\n%s\n%q", e.At.Truncate(grain).Unix(), e.Kind, e.Account, e.Actor.Kind, e.Actor.ID, e.User, e.From, e.Why))
	return uuid.UUID(sum[:16])
}

func merged(a, b ports.SecurityEntry) ports.SecurityEntry {
	if a.Times == 0 {
		return b
	}
	if b.At.Before(a.At) {
		a, b = b, a
	}
	a.LastAt, a.Times = b.LastAt, a.Times+b.Times
	return a
}

// Run writes what waits until the context ends, and once more then.
func (l *Log) Run(ctx context.Context) {
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeEvery)
			defer cancel()
			_ = l.Flush(last)
			return
		case <-tick.C:
			_ = l.Flush(ctx) // told there; it is tried again
		}
	}
}

// Flush writes what waits. What cannot be written goes on waiting.
func (l *Log) Flush(ctx context.Context) error {
	l.mu.Lock()
	taken := l.waiting
	l.waiting = map[uuid.UUID]ports.SecurityEntry{}
	l.mu.Unlock()
	if len(taken) == 0 {
		return nil
	}
	entries := make([]ports.SecurityEntry, 0, len(taken))
	for _, e := range taken {
		entries = append(entries, e)
	}
	err := l.write(ctx, entries, `times = k.times + excluded.times, at = least(k.at, excluded.at), last_at = greatest(k.last_at, excluded.last_at)`)
	if err != nil {
		l.Logger.WarnContext(ctx, "the security log waits to be written", "entries", len(entries), "error", err)
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, e := range taken {
			l.wait(e)
		}
		return err
	}
	for _, e := range entries {
		l.tell(ctx, e)
	}
	return nil
}

// Record implements ports.SecurityLog. What is too old to be kept is left out.
func (l *Log) Record(ctx context.Context, entries []ports.SecurityEntry) error {
	oldest := l.Clock.Now().Add(-l.Keep)
	kept := entries[:0:0]
	for _, e := range entries {
		if e.At.Before(oldest) {
			continue
		}
		e.LastAt, e.Times = e.At, 1
		kept = append(kept, e)
	}
	if len(kept) == 0 {
		return nil
	}
	if err := l.write(ctx, kept, `times = k.times`); err != nil {
		return err
	}
	for _, e := range kept {
		l.events.WithLabelValues(string(e.Kind)).Inc()
		l.tell(ctx, e)
	}
	return nil
}

func (l *Log) write(ctx context.Context, entries []ports.SecurityEntry, again string) error {
	var b pgx.Batch
	for _, e := range entries {
		b.Queue(`INSERT INTO ops.security_log AS k (id, kind, at, last_at, times, account, actor_kind, actor, user_uid, address, why)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO UPDATE SET `+again,
			e.ID, e.Kind, e.At, e.LastAt, e.Times, orNull(e.Account), e.Actor.Kind, e.Actor.ID, orNull(e.User), address(e), e.Why)
	}
	return postgres.Failure("write the security log", l.Pool.SendBatch(ctx, &b).Close())
}

// tell writes a line for those who watch the service's own log.
func (l *Log) tell(ctx context.Context, e ports.SecurityEntry) {
	from := ""
	if e.From.IsValid() {
		from = e.From.String()
	}
	l.Logger.InfoContext(ctx, "security", "kind", e.Kind, "at", e.At, "times", e.Times, "account", orNull(e.Account), "actor", string(e.Actor.Kind)+" "+e.Actor.ID,
		"user", orNull(e.User), "from", from, "why", e.Why)
}

func orNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func address(e ports.SecurityEntry) *string {
	if !e.From.IsValid() {
		return nil
	}
	text := e.From.Unmap().WithZone("").String()
	return &text
}

// RemoveOld deletes up to limit entries that are no longer kept.
func (l *Log) RemoveOld(ctx context.Context, limit int) (int64, error) {
	tag, err := l.Pool.Exec(ctx, `DELETE FROM ops.security_log WHERE id IN
		(SELECT id FROM ops.security_log WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)`, l.Clock.Now().Add(-l.Keep), limit)
	return tag.RowsAffected(), postgres.Failure("remove entries of the security log", err)
}
