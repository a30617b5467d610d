package fleet

import (
	"bytes"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// counts are by how much a batch changes the counts: each device's old state is
// taken away and its new one added.
type counts struct {
	accounts map[uuid.UUID]*accountCount
	days     map[dayKey]int64
}

type accountCount struct{ total, active, autoRenewing int64 }

type dayKey struct {
	account   uuid.UUID
	end       calendar.Date
	autoRenew bool
}

func newCounts() *counts {
	return &counts{accounts: map[uuid.UUID]*accountCount{}, days: map[dayKey]int64{}}
}

// add counts a state n times. A device that is retired counts nowhere.
func (c *counts) add(s device.State, n int64) {
	if !s.Exists() || s.LifeCycle == device.OutOfService {
		return
	}
	a := c.accounts[s.Account]
	if a == nil {
		a = &accountCount{}
		c.accounts[s.Account] = a
	}
	a.total += n
	if s.LifeCycle == device.Active {
		a.active += n
	}
	if s.Service.AutoRenew {
		a.autoRenewing += n
	}
	if !s.Service.End.IsZero() {
		c.days[dayKey{s.Account, s.Service.End, s.Service.AutoRenew}] += n
	}
}

func (c *counts) write(b *pgx.Batch) {
	c.writeAccounts(b)
	c.writeDays(b)
}

func (c *counts) writeAccounts(b *pgx.Batch) {
	maps.DeleteFunc(c.accounts, func(_ uuid.UUID, n *accountCount) bool { return *n == accountCount{} })
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
	if slices.Min(total) < 0 {
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
