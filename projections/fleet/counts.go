package fleet

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/domain/device"
)

// counts are by how much a batch changes the counts: with each event the device's old
// state is taken away and its new one added.
type counts struct {
	accounts map[uuid.UUID]*accountCount
	days     days
}

type accountCount struct{ total, active, autoRenewing int64 }

// counting is what a device counts as. The zero value counts nowhere.
type counting struct {
	dayKey
	active bool
}

func countingOf(s device.State) counting {
	if !s.Exists() || s.LifeCycle == device.OutOfService {
		return counting{}
	}
	return counting{dayKey{daysKey{s.Account, s.Service.AutoRenew}, s.Service.End}, s.LifeCycle == device.Active}
}

func newCounts() *counts {
	return &counts{accounts: map[uuid.UUID]*accountCount{}, days: days{}}
}

// change counts what an event has made of a device.
func (c *counts) change(before, after device.State) {
	was, is := countingOf(before), countingOf(after)
	if was == is {
		return
	}
	c.add(was, -1)
	c.add(is, +1)
}

// add counts a device n times.
func (c *counts) add(d counting, n int64) {
	if d == (counting{}) {
		return
	}
	a := c.accounts[d.account]
	if a == nil {
		a = &accountCount{}
		c.accounts[d.account] = a
	}
	a.total += n
	if d.active {
		a.active += n
	}
	if d.autoRenew {
		a.autoRenewing += n
	}
	if !d.end.IsZero() {
		c.days.add(d.dayKey, n)
	}
}

func (c *counts) write(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	c.writeAccounts(b)
	return c.days.write(ctx, tx, b)
}

func (c *counts) writeAccounts(b *pgx.Batch) {
	if len(c.accounts) == 0 {
		return
	}
	var uids [][16]byte
	var total, active, autoRenewing []int64
	for _, uid := range slices.SortedFunc(maps.Keys(c.accounts), compareUID) {
		n := c.accounts[uid]
		uids, total = append(uids, uid), append(total, n.total)
		active, autoRenewing = append(active, n.active), append(autoRenewing, n.autoRenewing)
	}
	b.Queue(`INSERT INTO account_counts AS c (account, total, active, auto_renewing)
		SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[])
		ON CONFLICT (account) DO UPDATE SET total = c.total + excluded.total, active = c.active + excluded.active,
			auto_renewing = c.auto_renewing + excluded.auto_renewing`, uids, total, active, autoRenewing)
	if slices.Min(total) <= 0 {
		b.Queue(`DELETE FROM account_counts WHERE account = ANY ($1::uuid[]) AND total = 0`, uids)
	}
}

func compareUID(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }
