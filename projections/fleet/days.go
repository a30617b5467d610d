package fleet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/domain/calendar"
)

// days are by how much a batch changes the numbers of devices whose services end on a
// day, account by account.
//
// An account has all its days in one row: in order, with how many devices' services end
// up to and on each. How many end from one day to another is the difference of two of
// these, found by halving, so what a page shows of an account takes one row of it, for
// any number of devices and any day that it counts from (see windows.ofAccount).
type days map[daysKey]map[calendar.Date]int64

// daysKey tells a row of days: those of devices that renew by themselves are apart.
type daysKey struct {
	account   uuid.UUID
	autoRenew bool
}

type dayKey struct {
	daysKey
	end calendar.Date
}

func (d days) add(key dayKey, n int64) {
	if d[key.daysKey] == nil {
		d[key.daysKey] = map[calendar.Date]int64{}
	}
	d[key.daysKey][key.end] += n
}

// ends are the days of an account.
type ends struct {
	days    []pgtype.Date // in order
	through []int64       // devices up to and on each
}

// changed are the days when devices have come and gone.
func (e ends) changed(by map[calendar.Date]int64) ends {
	type numbered struct {
		day calendar.Date
		n   int64
	}
	all := make([]numbered, 0, len(e.days)+len(by))
	var before int64
	for i, day := range e.days {
		all = append(all, numbered{dateFrom(day), e.through[i] - before})
		before = e.through[i]
	}
	for day, n := range by {
		all = append(all, numbered{day, n})
	}
	slices.SortFunc(all, func(a, b numbered) int { return cmp.Compare(a.day, b.day) })
	merged := ends{days: make([]pgtype.Date, 0, len(all)), through: make([]int64, 0, len(all))}
	var total, kept int64
	for i, of := range all {
		total += of.n
		if i+1 < len(all) && all[i+1].day == of.day {
			continue // the other half of it
		}
		if total != kept {
			merged.days, merged.through = append(merged.days, date(of.day)), append(merged.through, total)
			kept = total
		}
	}
	return merged
}

// write reads the rows of the accounts that have changed, and queues what becomes of them.
func (d days) write(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	var uids [][16]byte
	for key, by := range d {
		maps.DeleteFunc(by, func(_ calendar.Date, n int64) bool { return n == 0 })
		if len(by) == 0 {
			delete(d, key)
			continue
		}
		uids = append(uids, key.account)
	}
	if len(uids) == 0 {
		return nil
	}
	stored := map[daysKey]ends{}
	rows, _ := tx.Query(ctx, `SELECT account, auto_renew, days, through FROM account_days WHERE account = ANY ($1::uuid[])`, uids)
	var key daysKey
	var e ends
	_, err := pgx.ForEachRow(rows, []any{&key.account, &key.autoRenew, &e.days, &e.through}, func() error {
		stored[key] = e
		e = ends{}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read days: %w", err)
	}
	for _, key := range slices.SortedFunc(maps.Keys(d), daysKey.compare) {
		changed := stored[key].changed(d[key])
		if len(changed.days) == 0 {
			b.Queue(`DELETE FROM account_days WHERE account = $1 AND auto_renew = $2`, [16]byte(key.account), key.autoRenew)
			continue
		}
		b.Queue(`INSERT INTO account_days (account, auto_renew, days, through) VALUES ($1, $2, $3, $4)
			ON CONFLICT (account, auto_renew) DO UPDATE SET days = excluded.days, through = excluded.through`,
			[16]byte(key.account), key.autoRenew, changed.days, changed.through)
	}
	return nil
}

func (k daysKey) compare(other daysKey) int {
	number := map[bool]int{true: 1}
	return cmp.Or(compareUID(k.account, other.account), cmp.Compare(number[k.autoRenew], number[other.autoRenew]))
}
