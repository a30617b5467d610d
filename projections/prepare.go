package projections

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// prepare makes sure that the follower has its checkpoint, and a projection
// its tables, made in one transaction. At the start of the program it also
// takes the projection's views over from another version's program.
func (f *follower) prepare(ctx context.Context, start bool) error {
	return pgx.BeginFunc(ctx, f.pool, func(tx pgx.Tx) error {
		fresh, err := insertCheckpoint(ctx, tx, f.name, f.version, f.source, filterHash(f.prefixes))
		if err != nil {
			return err
		}
		if fresh && len(f.replaces) > 0 {
			if err := f.takeOver(ctx, tx); err != nil {
				return err
			}
		}
		c, err := loadCheckpoint(ctx, tx, f.name, f.version)
		if err != nil {
			return err
		}
		if err := f.checkOwner(c); err != nil || f.projection == nil {
			return err
		}
		if fresh {
			if err := f.projection.create(ctx, tx); err != nil {
				return err
			}
		}
		if c.state == Filling || !fresh && !start {
			return nil
		}
		return f.projection.Views.publish(ctx, tx, f.projection.Schema())
	})
}

// takeOver begins where the slowest of the replaced followers got to, those of the
// latest program of which all have followed the log; at its beginning where there
// are none.
func (f *follower) takeOver(ctx context.Context, tx pgx.Tx) error {
	for _, replaced := range f.replaces {
		done, err := f.takeOverFrom(ctx, tx, replaced)
		if err != nil || done {
			return err
		}
	}
	return nil
}

func (f *follower) takeOverFrom(ctx context.Context, tx pgx.Tx, replaced []string) (bool, error) {
	tag, err := tx.Exec(ctx, `UPDATE ops.projector_checkpoint SET (commit_position, prepare_position) =
			(SELECT commit_position, prepare_position FROM ops.projector_checkpoint
			WHERE name = ANY ($3) AND source = $4 ORDER BY commit_position, prepare_position LIMIT 1)
		WHERE name = $1 AND version = $2
			AND (SELECT count(*) FROM ops.projector_checkpoint WHERE name = ANY ($3) AND source = $4) >= cardinality($3::text[])`,
		f.name, f.version, replaced, f.source)
	if err != nil {
		return false, fmt.Errorf("begin %s where those it replaces got to: %w", f.name, err)
	}
	return tag.RowsAffected() > 0, nil
}

// create makes the first generation.
func (p Projection) create(ctx context.Context, tx pgx.Tx) error {
	if err := p.createTables(ctx, tx, p.Schema()); err != nil {
		return err
	}
	return p.createIndexes(ctx, tx)
}

// createTables makes a new generation and leads the transaction to it. A
// schema left by something that died is no use and goes.
func (p Projection) createTables(ctx context.Context, tx pgx.Tx, schema string) error {
	name := pgx.Identifier{schema}.Sanitize()
	for _, sql := range []string{"DROP SCHEMA IF EXISTS " + name + " CASCADE", "CREATE SCHEMA " + name} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("create schema %s: %w", schema, err)
		}
	}
	if _, err := tx.Exec(ctx, setSearchPath, searchPath(schema)); err != nil {
		return fmt.Errorf("enter schema %s: %w", schema, err)
	}
	for _, sql := range append([]string{"CREATE TABLE " + GateTable + " ()"}, p.Tables...) {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("create tables of %s: %w", schema, err)
		}
	}
	return nil
}

func (p Projection) createIndexes(ctx context.Context, tx pgx.Tx) error {
	for _, index := range p.Indexes {
		if err := index.create(ctx, tx); err != nil {
			return fmt.Errorf("create index of %s: %w", p.Name, err)
		}
	}
	return nil
}

// create makes the index. One that needs an extension is left out where the
// server does not have the extension, or not for this role, or has it in a schema
// of its own choice.
func (i Index) create(ctx context.Context, tx pgx.Tx) error {
	if i.Extension == "" {
		_, err := tx.Exec(ctx, i.SQL)
		return err
	}
	err := pgx.BeginFunc(ctx, tx, func(savepoint pgx.Tx) error {
		sql := "CREATE EXTENSION IF NOT EXISTS " + pgx.Identifier{i.Extension}.Sanitize() + " SCHEMA public"
		if _, err := savepoint.Exec(ctx, sql); err != nil {
			return err
		}
		_, err := savepoint.Exec(ctx, i.SQL)
		return err
	})
	if transient(err) || tx.Conn().IsClosed() {
		return err
	}
	return nil
}

// positions gives the checkpoints of projections, in order.
func positions(ctx context.Context, q querier, versions map[string]int, names []string) ([]eventlog.Position, error) {
	all := make([]eventlog.Position, len(names))
	for i, name := range names {
		c, err := loadCheckpoint(ctx, q, name, versions[name])
		if err != nil {
			return nil, err
		}
		all[i] = c.position
	}
	return all, nil
}
