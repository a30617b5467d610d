package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

func tableName(name string) string { return pgx.Identifier(strings.SplitN(name, ".", 2)).Sanitize() }

func columnList(columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = pgx.Identifier{c}.Sanitize()
	}
	return strings.Join(quoted, ", ")
}

// Fill puts the tables of the backup into a database that has them, as they were
// at the backup's migrations: all of it or nothing.
func (f *File) Fill(ctx context.Context, conn *pgx.Conn, progress Progress) error {
	if _, err := conn.Exec(ctx, `SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET TimeZone = 'UTC'`); err != nil {
		return fmt.Errorf("prepare the connection: %w", err)
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		all, err := inOrder(ctx, tx, f.Manifest.Tables)
		if err != nil {
			return err
		}
		names := make([]string, len(all))
		for i, t := range all {
			names[i] = tableName(t.Name)
		}
		if _, err := tx.Exec(ctx, "TRUNCATE "+strings.Join(names, ", ")); err != nil {
			return fmt.Errorf("empty the tables: %w", err)
		}
		for _, t := range all {
			if err := f.fillTable(ctx, tx, t, progress); err != nil {
				return fmt.Errorf("fill table %s: %w", t.Name, err)
			}
		}
		return setSequences(ctx, tx, all)
	})
}

func (f *File) fillTable(ctx context.Context, tx pgx.Tx, t Table, progress Progress) error {
	entry, err := f.table(t)
	if err != nil {
		return err
	}
	defer func() { _ = entry.Close() }()
	copied := &lineReader{from: entry, table: t, progress: progress}
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, copied, "COPY "+tableName(t.Name)+" ("+columnList(t.Columns)+") FROM STDIN")
	if err != nil {
		return err
	}
	if tag.RowsAffected() != t.Rows {
		return fmt.Errorf("%d rows, and the manifest says %d", tag.RowsAffected(), t.Rows)
	}
	progress.tell("filled", t.Name, t.Rows, t.Rows)
	return nil
}

// lineReader counts the rows that pass.
type lineReader struct {
	from     interface{ Read([]byte) (int, error) }
	table    Table
	rows     int64
	progress Progress
}

// Read implements io.Reader.
func (r *lineReader) Read(b []byte) (int, error) {
	n, err := r.from.Read(b)
	before := r.rows
	r.rows += int64(bytes.Count(b[:n], []byte{'\n'}))
	if before/progressRows != r.rows/progressRows {
		r.progress.tell("filling", r.table.Name, r.rows, r.table.Rows)
	}
	return n, err
}

// inOrder puts tables behind those that they refer to.
func inOrder(ctx context.Context, tx pgx.Tx, all []Table) ([]Table, error) {
	rows, err := tx.Query(ctx, `SELECT conrelid::regclass::text, array_agg(confrelid::regclass::text) FROM pg_constraint
		WHERE contype = 'f' AND conrelid <> confrelid GROUP BY 1`)
	if err != nil {
		return nil, fmt.Errorf("read references: %w", err)
	}
	refers := map[string][]string{}
	var table string
	var to []string
	if _, err := pgx.ForEachRow(rows, []any{&table, &to}, func() error {
		refers[table] = slices.Clone(to)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read references: %w", err)
	}
	var ordered []Table
	placed := map[string]bool{}
	waiting := map[string]bool{}
	for _, t := range all {
		waiting[t.Name] = true
	}
	for len(ordered) < len(all) {
		before := len(ordered)
		for _, t := range all {
			ready := !slices.ContainsFunc(refers[t.Name], func(other string) bool { return waiting[other] && !placed[other] })
			if !placed[t.Name] && ready {
				placed[t.Name] = true
				ordered = append(ordered, t)
			}
		}
		if len(ordered) == before {
			return nil, errors.New("tables refer to each other in a circle")
		}
	}
	return ordered, nil
}

// setSequences lets the next row get a number that no row has.
func setSequences(ctx context.Context, tx pgx.Tx, all []Table) error {
	for _, t := range all {
		for _, column := range t.Columns {
			var sequence *string
			err := tx.QueryRow(ctx, `SELECT pg_get_serial_sequence($1, $2)`, tableName(t.Name), column).Scan(&sequence)
			if err != nil {
				return fmt.Errorf("look for the sequence of %s: %w", t.Name, err)
			}
			if sequence == nil {
				continue
			}
			top := fmt.Sprintf("SELECT max(%s) AS top FROM %s", pgx.Identifier{column}.Sanitize(), tableName(t.Name))
			if _, err := tx.Exec(ctx, `SELECT setval($1::regclass, coalesce(top, 1), top IS NOT NULL) FROM (`+top+`) t`, *sequence); err != nil {
				return fmt.Errorf("set the sequence of %s: %w", t.Name, err)
			}
		}
	}
	return nil
}
