package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// KeysFull refuses a key of an account that has as many kept as it may have.
type KeysFull struct {
	Most int
	Wait time.Duration // until the first of them has expired
}

func (e *KeysFull) Error() string {
	return fmt.Sprintf("too many idempotency keys, %d is the most; the next one in %s", e.Most, e.Wait.Round(time.Second))
}

// keyCounts knows how many more keys each account may have. It does not count at each
// request: after a count this instance gives out a sixteenth of the room, or a thousandth
// of the limit where that is more, before it counts again. So there may be more keys than
// the limit by that, by what other instances give out meanwhile, and by what is begun at
// the same moment.
type keyCounts struct {
	pool *pgxpool.Pool
	most int // 0: any number

	mu       sync.Mutex
	accounts map[uuid.UUID]*keyCount
}

// keyCount is what is known of one account until an instant. Whoever is in turn uses it:
// one counts, not all at once.
type keyCount struct {
	turn  chan struct{}
	left  int       // keys to give out before the next count
	full  time.Time // when there is room again; zero: there is
	until time.Time
}

const (
	countGood    = time.Minute
	fullGood     = 5 * time.Second // keys may be abandoned before they expire
	manyAccounts = 10_000
)

// take gives out room for one key of an account; full says how long there is none.
func (c *keyCounts) take(ctx context.Context, account uuid.UUID, now time.Time) (full time.Duration, err error) {
	if c.most == 0 || account == uuid.Nil {
		return 0, nil
	}
	k := c.of(account)
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	switch known := now.Before(k.until); {
	case known && k.full.After(now):
		return k.full.Sub(now), nil
	case known && k.left > 0:
		k.left--
		return 0, nil
	}
	kept, wait, err := c.count(ctx, account)
	switch {
	case err != nil:
		return 0, err
	case wait > 0:
		k.full, k.until = now.Add(wait), now.Add(min(wait, fullGood))
	default:
		k.full, k.until = time.Time{}, now.Add(countGood)
		k.left = max((c.most-kept)/16, c.most/1000, 1) - 1
	}
	return wait, nil
}

// of is what is known of an account. When there are many, all is forgotten: they are
// counted again.
func (c *keyCounts) of(account uuid.UUID) *keyCount {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.accounts[account]
	if !ok {
		if len(c.accounts) >= manyAccounts {
			clear(c.accounts)
		}
		k = &keyCount{turn: make(chan struct{}, 1)}
		c.accounts[account] = k
	}
	return k
}

// count counts the keys of an account that are kept, up to the limit. wait is when there
// is room again; zero: there is.
func (c *keyCounts) count(ctx context.Context, account uuid.UUID) (kept int, wait time.Duration, err error) {
	var seconds float64
	err = c.pool.QueryRow(ctx, `
		SELECT count(*), coalesce(extract(epoch FROM min(expires_at) - now()), 0) FROM (
			SELECT expires_at FROM ops.idempotency_keys
			WHERE account = $1 AND expires_at > now() ORDER BY expires_at DESC LIMIT $2) youngest`, account, c.most).Scan(&kept, &seconds)
	if err != nil || kept < c.most {
		return kept, 0, Failure("count idempotency keys", err)
	}
	return kept, max(time.Duration(seconds*float64(time.Second)), time.Millisecond), nil
}
