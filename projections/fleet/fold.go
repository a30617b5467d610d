package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// table says how one kind of aggregate is kept in versions.
type table[S any] struct {
	name   string
	prefix string
	// evolve folds an event; exists is false before there is anything to show
	// (fences, holds, abandoned creations), and then nothing of it is kept.
	evolve func(S, eventlog.Recorded) S
	exists func(S) bool
	// columns to filter and sort by, and their values.
	columns []string
	values  func(S) []any
}

// fold is one batch's work on a table.
type fold[S any] struct {
	table[S]
	uids  [][16]byte
	items map[uuid.UUID]*item[S]
}

// item is one aggregate in a batch.
type item[S any] struct {
	uid    uuid.UUID
	stored bool // there is a current row
	from   time.Time
	before S
	state  S
	fresh  []version1[S] // made in this batch, in order
}

// version1 is a state and when it began to hold.
type version1[S any] struct {
	from     time.Time
	revision eventlog.Revision
	state    S
}

func newFold[S any](t table[S]) *fold[S] {
	return &fold[S]{table: t, items: map[uuid.UUID]*item[S]{}}
}

// add notes that the batch has an event for the table.
func (f *fold[S]) add(e eventlog.Recorded) error {
	uid, err := uidOf(e.Stream, f.prefix)
	if err != nil {
		return err
	}
	if _, ok := f.items[uid]; !ok {
		f.items[uid] = &item[S]{uid: uid}
		f.uids = append(f.uids, uid)
	}
	return nil
}

// load asks for the current rows.
func (f *fold[S]) load(b *pgx.Batch) {
	if len(f.uids) == 0 {
		return
	}
	sql := `SELECT uid, valid_from, state FROM ` + f.name + ` WHERE uid = ANY ($1::uuid[]) AND valid_to = 'infinity'`
	b.Queue(sql, f.uids).Query(func(rows pgx.Rows) error {
		var uid [16]byte
		var from time.Time
		var state []byte
		_, err := pgx.ForEachRow(rows, []any{&uid, &from, &state}, func() error {
			i := f.items[uid]
			i.stored, i.from = true, from
			if err := json.Unmarshal(state, &i.before); err != nil {
				return fmt.Errorf("state of %s: %w", i.uid, err)
			}
			i.state = i.before
			return nil
		})
		return err
	})
}

// fold takes an event of the table that holds from the given time.
func (f *fold[S]) fold(e eventlog.Recorded, at time.Time) {
	uid, _ := uidOf(e.Stream, f.prefix) // add has checked it
	i := f.items[uid]
	i.state = f.evolve(i.state, e)
	if !f.exists(i.state) {
		var none S
		i.state = none
		return
	}
	next := version1[S]{from: at, revision: e.Revision, state: i.state}
	if n := len(i.fresh); n > 0 && i.fresh[n-1].from.Equal(at) {
		i.fresh[n-1] = next // held for no time at all
		return
	}
	i.fresh = append(i.fresh, next)
}

// change is what a batch made of one aggregate.
type change[S any] struct {
	before, after S
}

func (f *fold[S]) changes() []change[S] {
	all := make([]change[S], 0, len(f.items))
	for _, i := range f.items {
		if len(i.fresh) > 0 {
			all = append(all, change[S]{i.before, i.state})
		}
	}
	return all
}

// fewRows are inserted with the batch in one round trip; more are copied.
const fewRows = 16

type copyFunc func(context.Context, pgx.Tx) error

// write ends the rows that no longer hold and adds the new ones.
func (f *fold[S]) write(b *pgx.Batch) (copyFunc, error) {
	var ended, emptied [][16]byte
	var ends []time.Time
	var rows [][]any
	for _, uid := range f.uids {
		i := f.items[uid]
		if len(i.fresh) == 0 {
			continue
		}
		switch first := i.fresh[0].from; {
		case i.stored && first.Equal(i.from):
			emptied = append(emptied, uid)
		case i.stored:
			ended, ends = append(ended, uid), append(ends, first)
		}
		for n, v := range i.fresh {
			to := pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
			if n+1 < len(i.fresh) {
				to = pgtype.Timestamptz{Time: i.fresh[n+1].from, Valid: true}
			}
			state, err := json.Marshal(v.state)
			if err != nil {
				return nil, fmt.Errorf("state of %s: %w", i.uid, err)
			}
			rows = append(rows, append([]any{uid, v.from, to, int64(v.revision), state}, f.values(v.state)...))
		}
	}
	if len(emptied) > 0 {
		b.Queue(`DELETE FROM `+f.name+` WHERE uid = ANY ($1::uuid[]) AND valid_to = 'infinity'`, emptied)
	}
	if len(ended) > 0 {
		b.Queue(`UPDATE `+f.name+` t SET valid_to = e.at FROM unnest($1::uuid[], $2::timestamptz[]) e (uid, at)
			WHERE t.uid = e.uid AND t.valid_to = 'infinity'`, ended, ends)
	}
	return f.insert(b, rows), nil
}

func (f *fold[S]) insert(b *pgx.Batch, rows [][]any) copyFunc {
	columns := append([]string{"uid", "valid_from", "valid_to", "revision", "state"}, f.columns...)
	if len(rows) <= fewRows {
		sql := `INSERT INTO ` + f.name + ` (` + strings.Join(columns, ", ") + `) VALUES (` + placeholders(len(columns)) + `)`
		for _, row := range rows {
			b.Queue(sql, row...)
		}
		return func(context.Context, pgx.Tx) error { return nil }
	}
	return func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{f.name}, columns, pgx.CopyFromRows(rows))
		if err != nil {
			return fmt.Errorf("copy into %s: %w", f.name, err)
		}
		return nil
	}
}

func placeholders(n int) string {
	marks := make([]string, n)
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	return strings.Join(marks, ", ")
}
