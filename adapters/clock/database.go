package clock

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Database is the clock of a database, as a process can know it without asking each
// time: what was read last, and what has passed since by the process's own count. A
// machine whose clock is set does not change that count.
type Database struct {
	pool *pgxpool.Pool
	last atomic.Pointer[reading]
}

type reading struct {
	database time.Time
	at       time.Time // when it was read; only the time since is looked at, which is monotonic
}

// NewDatabase reads the clock of the database.
func NewDatabase(ctx context.Context, pool *pgxpool.Pool) (*Database, error) {
	d := &Database{pool: pool}
	_, err := d.Read(ctx)
	return d, err
}

// Now is the database's present instant in UTC.
func (d *Database) Now() time.Time {
	last := d.last.Load()
	return last.database.Add(time.Since(last.at))
}

// Read reads the clock again and tells by how much it was set since the last time.
// What the way to the database takes looks the same; that is not meant by it.
func (d *Database) Read(ctx context.Context) (moved time.Duration, err error) {
	began := time.Now()
	var now time.Time
	if err := d.pool.QueryRow(ctx, `SELECT now()`).Scan(&now); err != nil {
		return 0, fmt.Errorf("read the database's clock: %w", err)
	}
	before := d.last.Swap(&reading{database: now.UTC(), at: began})
	if before == nil {
		return 0, nil
	}
	return now.Sub(before.database) - began.Sub(before.at), nil
}
