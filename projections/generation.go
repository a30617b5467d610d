package projections

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Generations beside the live one.
const (
	nextGeneration = "next" // a rebuild fills it
	oldGeneration  = "old"  // the one before the live one, to go back to
)

// generation is a row of ops.generations: one beside the live one, and how far it is.
type generation struct {
	kind    string
	made    string // what it was made of and, while it is filled, by which program
	indexed bool
	checkpoint
}

func (g generation) schema(p Projection) string { return p.Schema() + "_" + g.kind }

// loadGeneration gives the row of a generation whose tables are there; errNoGeneration
// when there is none.
func loadGeneration(ctx context.Context, q querier, p Projection, kind string) (generation, error) {
	g := generation{kind: kind}
	var id uuid.NullUUID
	gate := pgx.Identifier{g.schema(p), GateTable}.Sanitize()
	err := q.QueryRow(ctx, `SELECT made, indexed, source, filter, commit_position, prepare_position, events,
			event_id, coalesce(event_stream, ''), coalesce(event_revision, 0), coalesce(event_commit, 0), coalesce(event_prepare, 0)
		FROM ops.generations WHERE name = $1 AND version = $2 AND generation = $3 AND to_regclass($4) IS NOT NULL`,
		p.Name, p.Version, kind, gate).
		Scan(&g.made, &g.indexed, &g.source, &g.filter, &g.position.Commit, &g.position.Prepare, &g.events,
			&id, &g.last.stream, &g.last.revision, &g.last.position.Commit, &g.last.position.Prepare)
	g.last.id = id.UUID
	if errors.Is(err, pgx.ErrNoRows) {
		return g, errNoGeneration
	}
	if err != nil {
		return g, fmt.Errorf("load the generation %s of %s: %w", kind, p.Name, err)
	}
	return g, nil
}

var errNoGeneration = errors.New("there is no such generation")

// save writes the row.
func (g generation) save(ctx context.Context, q querier, p Projection) error {
	_, err := q.Exec(ctx, `INSERT INTO ops.generations
			(name, version, generation, made, indexed, source, filter, commit_position, prepare_position, events,
			event_id, event_stream, event_revision, event_commit, event_prepare)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (name, version, generation) DO UPDATE SET (made, indexed, source, filter, commit_position, prepare_position, events,
			event_id, event_stream, event_revision, event_commit, event_prepare, updated_at) =
			(excluded.made, excluded.indexed, excluded.source, excluded.filter, excluded.commit_position, excluded.prepare_position, excluded.events,
			excluded.event_id, excluded.event_stream, excluded.event_revision, excluded.event_commit, excluded.event_prepare, now())`,
		append([]any{p.Name, p.Version, g.kind, g.made, g.indexed, g.source, g.filter, g.position.Commit, g.position.Prepare, g.events}, g.last.columns()...)...)
	if err != nil {
		return fmt.Errorf("keep how far the generation %s of %s is: %w", g.kind, p.Name, err)
	}
	return nil
}

// resume goes on with the generation that an interrupted rebuild has left, where that
// is of the same program and log, and makes a new one else.
func (b *rebuild) resume(ctx context.Context) error {
	program, err := programHash()
	if err != nil {
		return fmt.Errorf("read the program: %w", err)
	}
	fresh := generation{kind: nextGeneration, made: b.p.made() + " " + program}
	fresh.source, fresh.filter = b.r.Source, filterHash(b.p.Prefixes)
	left, err := loadGeneration(ctx, b.r.Pool, b.p, nextGeneration)
	if err == nil && left.made == fresh.made && left.source == fresh.source && left.filter == fresh.filter {
		err = b.r.verify(ctx, b.follower(), left.checkpoint)
		if err == nil {
			b.generation = left
			b.reportStep("resuming")
			return nil
		}
	}
	if err != nil && !errors.Is(err, errNoGeneration) && !errors.Is(err, ErrLostCheckpoint) {
		return err
	}
	b.generation = fresh
	return pgx.BeginFunc(ctx, b.r.Pool, func(tx pgx.Tx) error {
		if err := fresh.save(ctx, tx, b.p); err != nil {
			return err
		}
		return b.p.createTables(ctx, tx, fresh.schema(b.p))
	})
}

// follower stands for the projection where its checkpoints are judged.
func (b *rebuild) follower() *follower {
	return &follower{name: b.p.Name, prefixes: b.p.Prefixes, source: b.r.Source, projection: &b.p}
}

// keepFormer notes how far the generation is that was live, and forgets the row of the
// one that is.
func (b *rebuild) keepFormer(ctx context.Context, tx pgx.Tx, live checkpoint, there bool) error {
	_, err := tx.Exec(ctx, `DELETE FROM ops.generations WHERE name = $1 AND version = $2 AND generation IN ($3, $4)`,
		b.p.Name, b.p.Version, b.kind, oldGeneration)
	if err != nil {
		return fmt.Errorf("forget the generations of %s: %w", b.p.Name, err)
	}
	if !there {
		return nil
	}
	return generation{kind: oldGeneration, made: b.p.made(), indexed: true, checkpoint: live}.save(ctx, tx, b.p)
}

// made is a hash of what the tables are made of.
func (p Projection) made() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q", p.Tables, p.Indexes))
	return hex.EncodeToString(sum[:8])
}

// programHash tells this program from others: rows that another one has begun may not
// be what this one would have made.
var programHash = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	file, err := os.Open(path) //nolint:gosec // it is this program
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
})
