package mails

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
)

// Counts counts mails on the table ops.mail_counts. Safe for concurrent use.
type Counts struct{ pool *pgxpool.Pool }

var _ ports.MailCounts = (*Counts)(nil)

// NewCounts counts in the migrated database of pool.
func NewCounts(pool *pgxpool.Pool) *Counts { return &Counts{pool} }

// CountMail implements ports.MailCounts. Those who count the same subject do it one after
// the other.
func (c *Counts) CountMail(ctx context.Context, m ports.CountedMail) (wait time.Duration, of ports.MailLimit, err error) {
	limits := slices.SortedFunc(slices.Values(m.Of), func(a, b ports.MailLimit) int { return bytes.Compare(a.Subject, b.Subject) })
	err = pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		for _, l := range limits { // in one order, so that nobody waits in a circle
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, lockOf(l.Subject)); err != nil {
				return err
			}
		}
		for _, l := range limits {
			full, err := fullFor(ctx, tx, m, l)
			if err != nil {
				return err
			}
			if full > wait {
				wait, of = full, l
			}
		}
		if wait > 0 || m.Look {
			return nil
		}
		for _, l := range limits {
			_, err := tx.Exec(ctx, `INSERT INTO ops.mail_counts (subject, id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, l.Subject, m.ID, m.At)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return wait, of, postgres.Failure("count mail", err)
}

// fullFor is how long a subject has as many mails as it may; zero: it has fewer, or has
// this one already. A clock that was ahead holds nobody up.
func fullFor(ctx context.Context, tx pgx.Tx, m ports.CountedMail, l ports.MailLimit) (time.Duration, error) {
	var oldest time.Time
	err := tx.QueryRow(ctx, `
		SELECT at FROM ops.mail_counts
		WHERE subject = $1 AND at > $3 AND at <= $4 AND NOT EXISTS (SELECT FROM ops.mail_counts WHERE subject = $1 AND id = $2)
		ORDER BY at DESC OFFSET $5 LIMIT 1`,
		l.Subject, m.ID, m.At.Add(-m.Window), m.At.Add(m.Window), l.Most-1).Scan(&oldest)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	return max(oldest.Add(m.Window).Sub(m.At), time.Millisecond), err
}

// lockOf is the lock of a subject: two that share one only wait for each other.
func lockOf(subject []byte) int64 {
	var first [8]byte
	copy(first[:], subject)
	return int64(binary.BigEndian.Uint64(first[:]))
}

// RemoveOld deletes up to limit counts from before an instant, and tells how many there
// were.
func (c *Counts) RemoveOld(ctx context.Context, before time.Time, limit int) (int64, error) {
	tag, err := c.pool.Exec(ctx, `DELETE FROM ops.mail_counts WHERE (subject, id) IN (
		SELECT subject, id FROM ops.mail_counts WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED)`, before, limit)
	return tag.RowsAffected(), postgres.Failure("remove counts of mails", err)
}
