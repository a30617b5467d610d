package projections

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// swap holds the live checkpoint, so that the projector waits, applies what is
// missing, and renames. The projector then finds its checkpoint moved and goes
// on in the new generation.
func (b *rebuild) swap(ctx context.Context) error {
	return pgx.BeginFunc(ctx, b.r.Pool, func(tx pgx.Tx) error {
		filter := filterHash(b.p.Prefixes)
		fresh, err := insertCheckpoint(ctx, tx, b.p.Name, b.p.Version, b.r.Source, filter)
		if err != nil {
			return err
		}
		live, err := lockCheckpoint(ctx, tx, b.p.Name, b.p.Version)
		if err != nil {
			return err
		}
		if err := b.fill(ctx); err != nil {
			return err
		}
		if err := b.skipTo(ctx, live); err != nil {
			return err
		}
		there, err := b.rename(ctx, tx)
		if err != nil {
			return err
		}
		if err := b.keepFormer(ctx, tx, live, there); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE ops.projector_checkpoint SET source = $3, filter = $4, commit_position = $5, prepare_position = $6,
			events = $7, updated_at = now(), state = 'running', error = NULL,
			event_id = $8, event_stream = $9, event_revision = $10, event_commit = $11, event_prepare = $12, event_count = $7 WHERE name = $1 AND version = $2`,
			append([]any{b.p.Name, b.p.Version, b.r.Source, filter, b.position.Commit, b.position.Prepare, b.events}, b.last.columns()...)...)
		if err != nil {
			return fmt.Errorf("set checkpoint: %w", err)
		}
		if _, err := tx.Exec(ctx, `SELECT pg_notify($1, $2)`, channel, notice(b.p.Name, b.p.Version, b.position)+" back"); err != nil {
			return fmt.Errorf("announce the new generation: %w", err)
		}
		return b.publish(ctx, tx, live.state == Filling && !fresh)
	})
}

// skipTo goes on to the live checkpoint, where that is of this log: behind the last
// event there is nothing for the projection up to there.
func (b *rebuild) skipTo(ctx context.Context, live checkpoint) error {
	f := b.follower()
	if !f.owns(live) || !b.position.Before(live.position) {
		return nil
	}
	err := b.r.verify(ctx, f, live)
	switch {
	case errors.Is(err, ErrLostCheckpoint):
		return nil
	case err == nil:
		b.position = live.position
	}
	return err
}

// publish has the views lead to the new generation, unless they belong to
// another version's program that still serves: then this version's will take
// them over when it starts. One that runs already and was filling is filled now.
func (b *rebuild) publish(ctx context.Context, tx pgx.Tx, filled bool) error {
	if b.p.Views == nil {
		return nil
	}
	last, err := b.p.Views.published(ctx, tx)
	if err != nil {
		return err
	}
	if live := b.p.Schema(); filled || last.Schema == live || last.Schema == "" {
		return b.p.Views.publish(ctx, tx, live)
	}
	return nil
}

// rename puts the generations in their new places, and reports whether there was a
// live one. Readers hold a lock on the live generation's tables while they read (see
// Gate); the rename waits for them, and they for it.
func (b *rebuild) rename(ctx context.Context, tx pgx.Tx) (there bool, err error) {
	live, former := b.p.Schema(), generation{kind: oldGeneration}.schema(b.p)
	from, aside := b.schema(b.p), live+"_aside"
	quote := func(s string) string { return pgx.Identifier{s}.Sanitize() }
	if err := tx.QueryRow(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, quote(live)).Scan(&there); err != nil {
		return there, fmt.Errorf("look for schema %s: %w", live, err)
	}
	if from != former {
		// The former generation first: its last readers are waited for here, not for
		// long, and before the readers of the live one have to wait.
		drop := "SET LOCAL lock_timeout = '3s'; DROP SCHEMA IF EXISTS " + quote(former) + " CASCADE; SET LOCAL lock_timeout TO DEFAULT"
		if _, err := tx.Exec(ctx, drop); err != nil {
			return there, fmt.Errorf("drop the former generation: %w", err)
		}
	}
	moves := [][2]string{{from, live}}
	if there {
		if err := lockForSwap(ctx, tx, live); err != nil {
			return there, err
		}
		moves = [][2]string{{live, aside}, {from, live}, {aside, former}}
	}
	for _, move := range moves {
		if _, err := tx.Exec(ctx, "ALTER SCHEMA "+quote(move[0])+" RENAME TO "+quote(move[1])); err != nil {
			return there, fmt.Errorf("swap schemas: %w", err)
		}
	}
	return there, nil
}

// GateTable is a table every generation has. A reader that wants all its
// statements to see one generation locks it first (Gate), before its snapshot.
const GateTable = "generation"

// Snapshot begins a reading transaction on a generation, in one round trip: behind the
// gate, which comes before the snapshot, and led to the tables.
func Snapshot(schema string) pgx.TxOptions {
	return pgx.TxOptions{
		BeginQuery: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " + Gate(schema) +
			"; SET LOCAL search_path TO " + pgx.Identifier{schema}.Sanitize(),
	}
}

// Gate is the first statement of a reading transaction: it takes the weakest
// lock there is, which only a swap waits for.
func Gate(schema string) string {
	return "LOCK TABLE " + pgx.Identifier{schema, GateTable}.Sanitize() + " IN ACCESS SHARE MODE"
}

func lockForSwap(ctx context.Context, tx pgx.Tx, schema string) error {
	_, err := tx.Exec(ctx, "LOCK TABLE "+pgx.Identifier{schema, GateTable}.Sanitize()+" IN ACCESS EXCLUSIVE MODE")
	if err != nil {
		return fmt.Errorf("wait for readers of %s: %w", schema, err)
	}
	return nil
}
