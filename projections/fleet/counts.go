package fleet

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// counts are by how much a batch changes the counts: with each event the device's old
// state is taken away and its new one added.
//
// An account's first end is kept beside its counts. It is counted anew, from the day
// of the event, whenever one changes the counts, and is the account's first end on
// every day from that one to itself (see windows.first): nothing has to happen when
// it passes. The day is one of the log, so a rebuild makes the same rows.
type counts struct {
	accounts map[uuid.UUID]*accountCount
	days     map[dayKey]int64
}

type accountCount struct {
	total, active, autoRenewing int64
	from                        calendar.Date // of the last event that changed them
}

type dayKey struct {
	account   uuid.UUID
	end       calendar.Date
	autoRenew bool
}

// counting is what a device counts as. The zero value counts nowhere.
type counting struct {
	dayKey
	active bool
}

func countingOf(s device.State) counting {
	if !s.Exists() || s.LifeCycle == device.OutOfService {
		return counting{}
	}
	return counting{dayKey{s.Account, s.Service.End, s.Service.AutoRenew}, s.LifeCycle == device.Active}
}

func newCounts() *counts {
	return &counts{accounts: map[uuid.UUID]*accountCount{}, days: map[dayKey]int64{}}
}

// change counts what an event has made of a device, and when.
func (c *counts) change(before, after device.State, at time.Time) {
	was, is := countingOf(before), countingOf(after)
	if was == is {
		return
	}
	from := calendar.DateOf(at)
	c.add(was, -1, from)
	c.add(is, +1, from)
}

// add counts a device n times.
func (c *counts) add(d counting, n int64, from calendar.Date) {
	if d == (counting{}) {
		return
	}
	a := c.accounts[d.account]
	if a == nil {
		a = &accountCount{}
		c.accounts[d.account] = a
	}
	a.from = from
	a.total += n
	if d.active {
		a.active += n
	}
	if d.autoRenew {
		a.autoRenewing += n
	}
	if !d.end.IsZero() {
		c.days[d.dayKey] += n
	}
}

// write changes the days before the accounts, whose first ends are taken from them.
func (c *counts) write(b *pgx.Batch) {
	c.writeDays(b)
	c.writeAccounts(b)
}

func (c *counts) writeAccounts(b *pgx.Batch) {
	if len(c.accounts) == 0 {
		return
	}
	var uids [][16]byte
	var total, active, autoRenewing []int64
	var from []pgtype.Date
	for _, uid := range slices.SortedFunc(maps.Keys(c.accounts), compareUID) {
		n := c.accounts[uid]
		uids, total = append(uids, uid), append(total, n.total)
		active, autoRenewing = append(active, n.active), append(autoRenewing, n.autoRenewing)
		from = append(from, date(n.from))
	}
	b.Queue(`INSERT INTO account_counts AS c (account, total, active, auto_renewing, counted_from, first_end)
		SELECT k.*, (`+firstEnd("k.account", "k.counted_from")+`)
		FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::date[]) k (account, total, active, auto_renewing, counted_from)
		ON CONFLICT (account) DO UPDATE SET total = c.total + excluded.total, active = c.active + excluded.active,
			auto_renewing = c.auto_renewing + excluded.auto_renewing,
			counted_from = excluded.counted_from, first_end = excluded.first_end`, uids, total, active, autoRenewing, from)
	if slices.Min(total) <= 0 {
		b.Queue(`DELETE FROM account_counts WHERE account = ANY ($1::uuid[]) AND total = 0`, uids)
	}
}

func (c *counts) writeDays(b *pgx.Batch) {
	var uids [][16]byte
	var ends []pgtype.Date
	var autoRenew []bool
	var change []int64
	shrunk := false
	for key, n := range c.days {
		if n == 0 {
			continue
		}
		uids, ends = append(uids, key.account), append(ends, date(key.end))
		autoRenew, change = append(autoRenew, key.autoRenew), append(change, n)
		shrunk = shrunk || n < 0
	}
	if len(uids) == 0 {
		return
	}
	b.Queue(`INSERT INTO service_days AS d (account, service_end, auto_renew, count)
		SELECT * FROM unnest($1::uuid[], $2::date[], $3::boolean[], $4::bigint[])
		ON CONFLICT (account, auto_renew, service_end) DO UPDATE SET count = d.count + excluded.count`, uids, ends, autoRenew, change)
	if shrunk {
		b.Queue(`DELETE FROM service_days d USING unnest($1::uuid[], $2::date[], $3::boolean[]) k (account, service_end, auto_renew)
			WHERE d.account = k.account AND d.service_end = k.service_end AND d.auto_renew = k.auto_renew AND d.count = 0`,
			uids, ends, autoRenew)
	}
}

func compareUID(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }
