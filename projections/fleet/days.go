package fleet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

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

// ends are the days of an account, as they are stored: days since 1970, in order, and how
// many devices' services end up to and on each.
type ends struct{ days, through []int32 }

// changed are the days when devices have come and gone.
func (e ends) changed(by map[calendar.Date]int64) ends {
	type numbered struct {
		day calendar.Date
		n   int64
	}
	all := make([]numbered, 0, len(e.days)+len(by))
	var before int32
	for i, day := range e.days {
		all = append(all, numbered{calendar.Date(day), int64(e.through[i] - before)})
		before = e.through[i]
	}
	for day, n := range by {
		all = append(all, numbered{day, n})
	}
	slices.SortFunc(all, func(a, b numbered) int { return cmp.Compare(a.day, b.day) })
	merged := ends{days: make([]int32, 0, len(all)), through: make([]int32, 0, len(all))}
	var total, kept int64
	for i, of := range all {
		total += of.n
		if i+1 < len(all) && all[i+1].day == of.day {
			continue // the other half of it
		}
		if total != kept {
			merged.days, merged.through = append(merged.days, int32(of.day)), append(merged.through, int32(total))
			kept = total
		}
	}
	return merged
}

// write reads the rows of the accounts that have changed, and queues what becomes of them.
func (d days) write(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	for key, by := range d {
		maps.DeleteFunc(by, func(_ calendar.Date, n int64) bool { return n == 0 })
		if len(by) == 0 {
			delete(d, key)
		}
	}
	if len(d) == 0 {
		return nil
	}
	stored, err := d.stored(ctx, tx)
	if err != nil {
		return err
	}
	var written, emptied daysRows
	for _, key := range slices.SortedFunc(maps.Keys(d), daysKey.compare) {
		if changed := stored[key].changed(d[key]); len(changed.days) > 0 {
			written.add(key, changed)
		} else {
			emptied.add(key, changed)
		}
	}
	if len(written.accounts) > 0 {
		b.Queue(`INSERT INTO account_days (account, auto_renew, days, through)
			SELECT account, auto_renew, ($3::int[])[first:last], ($4::int[])[first:last]
			FROM unnest($1::uuid[], $2::boolean[], $5::int[], $6::int[]) k (account, auto_renew, first, last)
			ON CONFLICT (account, auto_renew) DO UPDATE SET days = excluded.days, through = excluded.through`,
			written.accounts, written.autoRenew, written.days, written.through, written.first, written.last)
	}
	if len(emptied.accounts) > 0 {
		b.Queue(`DELETE FROM account_days d USING unnest($1::uuid[], $2::boolean[]) k (account, auto_renew)
			WHERE d.account = k.account AND d.auto_renew = k.auto_renew`, emptied.accounts, emptied.autoRenew)
	}
	return nil
}

// stored are the rows of the accounts that have changed, before they do.
func (d days) stored(ctx context.Context, tx pgx.Tx) (map[daysKey]ends, error) {
	accounts := make([][16]byte, 0, len(d))
	for key := range d {
		accounts = append(accounts, key.account)
	}
	stored := make(map[daysKey]ends, len(d))
	rows, _ := tx.Query(ctx, `SELECT account, auto_renew, days, through FROM account_days WHERE account = ANY ($1::uuid[])`, accounts)
	var key daysKey
	var e ends
	_, err := pgx.ForEachRow(rows, []any{&key.account, &key.autoRenew, &e.days, &e.through}, func() error {
		stored[key], e = e, ends{}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read days: %w", err)
	}
	return stored, nil
}

// daysRows are rows by columns; the days of all stand one after the other, those of a row
// from first to last, counted from 1.
type daysRows struct {
	accounts                   [][16]byte
	autoRenew                  []bool
	days, through, first, last []int32
}

func (r *daysRows) add(key daysKey, e ends) {
	r.accounts, r.autoRenew = append(r.accounts, key.account), append(r.autoRenew, key.autoRenew)
	r.first = append(r.first, int32(len(r.days)+1))
	r.days, r.through = append(r.days, e.days...), append(r.through, e.through...)
	r.last = append(r.last, int32(len(r.days)))
}

func (k daysKey) compare(other daysKey) int {
	if byAccount := compareUID(k.account, other.account); byAccount != 0 || k.autoRenew == other.autoRenew {
		return byAccount
	}
	if k.autoRenew {
		return 1
	}
	return -1
}
