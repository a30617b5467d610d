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

// fold is one batch's work on a table.
type fold[S any] struct {
	table[S]
	uids       [][16]byte // in the order of their first events
	aggregates map[uuid.UUID]*aggregate[S]
	// each is told what every event made of a state; nil: nobody is.
	each func(before, after S)
}

// aggregate is what a batch makes of one aggregate.
type aggregate[S any] struct {
	uid    uuid.UUID
	stored bool      // there is a current row
	from   time.Time // since when the last state holds
	since  time.Time // since when the current row holds
	state  S
	made   []version[S] // in this batch, in order
}

// version is a state and when it began to hold.
type version[S any] struct {
	from     time.Time
	revision eventlog.Revision
	state    S
}

func newFold[S any](t table[S]) *fold[S] {
	return &fold[S]{table: t, aggregates: map[uuid.UUID]*aggregate[S]{}}
}

// add notes that the batch has an event for the table.
func (f *fold[S]) add(e eventlog.Recorded) error {
	uid, err := uidOf(e.Stream, f.prefix)
	if err != nil {
		return err
	}
	if _, ok := f.aggregates[uid]; !ok {
		f.aggregates[uid] = &aggregate[S]{uid: uid}
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
		var stored []byte
		_, err := pgx.ForEachRow(rows, []any{&uid, &from, &stored}, func() error {
			state, err := f.parse(stored)
			if err != nil {
				return fmt.Errorf("%s %s: %w", f.name, uuid.UUID(uid), err)
			}
			a := f.aggregates[uid]
			a.stored, a.from, a.since, a.state = true, from, from, state
			return nil
		})
		return err
	})
}

// fold takes an event of the table. It holds from when it happened, never before
// the version before it (what came before there is anything to show does not
// count), in the microseconds that the database keeps. It gives that time.
func (f *fold[S]) fold(e eventlog.Recorded) time.Time {
	uid, _ := uidOf(e.Stream, f.prefix) // add has checked it
	a := f.aggregates[uid]
	before := a.state
	if a.state = f.evolve(before, e); f.exists(a.state) {
		a.holds(e)
	} else {
		var none S
		a.state = none
	}
	if f.each != nil {
		f.each(before, a.state)
	}
	return a.from
}

// holds adds a version of the state as of the event.
func (a *aggregate[S]) holds(e eventlog.Recorded) {
	if at := e.Metadata.OccurredAt.UTC().Truncate(time.Microsecond); at.After(a.from) {
		a.from = at
	}
	next := version[S]{from: a.from, revision: e.Revision, state: a.state}
	if n := len(a.made); n > 0 && a.made[n-1].from.Equal(a.from) {
		a.made[n-1] = next // the one before held for no time at all
		return
	}
	a.made = append(a.made, next)
}

// state is that of an aggregate as of the events so far that the batch has for it.
func (f *fold[S]) state(uid uuid.UUID) S { return f.aggregates[uid].state }

type copyFunc func(context.Context, pgx.Tx) error

// write ends the rows that no longer hold and adds the new ones.
func (f *fold[S]) write(b *pgx.Batch) (copyFunc, error) {
	var ended, emptied [][16]byte
	var ends []time.Time
	var rows [][]any
	for _, uid := range f.uids {
		a := f.aggregates[uid]
		if len(a.made) == 0 {
			continue
		}
		switch first := a.made[0].from; {
		case a.stored && first.Equal(a.since):
			emptied = append(emptied, uid)
		case a.stored:
			ended, ends = append(ended, uid), append(ends, first)
		}
		for n, v := range a.made {
			to := pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
			if n+1 < len(a.made) {
				to = pgtype.Timestamptz{Time: a.made[n+1].from, Valid: true}
			}
			row, err := f.values(uid, v, to)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
	}
	if len(emptied) > 0 {
		b.Queue(`DELETE FROM `+f.name+` WHERE uid = ANY ($1::uuid[]) AND valid_to = 'infinity'`, emptied)
	}
	if len(ended) > 0 {
		b.Queue(`UPDATE `+f.name+` t SET valid_to = e.valid_to FROM unnest($1::uuid[], $2::timestamptz[]) e (uid, valid_to)
			WHERE t.uid = e.uid AND t.valid_to = 'infinity'`, ended, ends)
	}
	return f.insert(b, rows), nil
}

// values are those of a whole row, in the order of insert's columns.
func (f *fold[S]) values(uid [16]byte, v version[S], to pgtype.Timestamptz) ([]any, error) {
	stored, err := json.Marshal(f.row(v.state))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", f.name, uuid.UUID(uid), err)
	}
	row := []any{uid, v.from, to, int64(v.revision), stored}
	for _, c := range f.columns(v.state) {
		row = append(row, c.value)
	}
	return row, nil
}

// noCopy is for those that have nothing to copy.
func noCopy(context.Context, pgx.Tx) error { return nil }

// fewRows are inserted with the batch in one round trip; more are copied.
const fewRows = 16

func (f *fold[S]) insert(b *pgx.Batch, rows [][]any) copyFunc {
	columns := append([]string{"uid", "valid_from", "valid_to", "revision", "state"}, f.columnNames()...)
	if len(rows) <= fewRows {
		sql := `INSERT INTO ` + f.name + ` (` + strings.Join(columns, ", ") + `) VALUES (` + placeholders(len(columns)) + `)`
		for _, row := range rows {
			b.Queue(sql, row...)
		}
		return noCopy
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
