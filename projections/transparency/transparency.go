// Package transparency is the Merkle tree of RFC 6962 over the log's events in order,
// for proofs that an event is in the log and that the log only grew. A leaf is an event
// as eventlog.Recorded.Leaf gives it; the events that name the log are none.
//
// Of the tree's hashes those are kept that tiles of height 8 begin with: the leaves,
// and of every 256 hashes of a level their root as one of the level above. All others
// are computed from at most 256 of them when they are asked for.
//
// It follows the whole log, not a choice of categories, so that a later version with
// more of them makes the same tree of the same log.
package transparency

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/projections"
)

// Name is the projection's name.
const Name = "transparency"

// modelVersion goes up when the tables change. What a leaf is must never change.
const modelVersion = 1

// Projection declares it.
func Projection() projections.Projection {
	return projections.Projection{
		Name: Name, Version: modelVersion, Prefixes: eventlog.Everything, Sealed: true,
		Tables: []string{
			`CREATE TABLE tree (size bigint NOT NULL)`,
			`INSERT INTO tree VALUES (0)`,
			`CREATE TABLE leaves (n bigint PRIMARY KEY, hash bytea NOT NULL, event uuid NOT NULL,
				stream text NOT NULL, revision bigint NOT NULL)`,
			`CREATE TABLE roots (level int, n bigint, hash bytea NOT NULL, PRIMARY KEY (level, n))`,
		},
		Indexes: []projections.Index{{SQL: `CREATE INDEX ON leaves (event)`}},
		Apply:   apply,
	}
}

func apply(ctx context.Context, tx pgx.Tx, events []eventlog.Recorded) error {
	var ids []uuid.UUID
	var hashes []tlog.Hash
	var streams []string
	var revisions []int64
	for _, e := range events {
		if e.Stream == eventlog.IdentityStream {
			continue
		}
		leaf, err := e.Leaf()
		if err != nil {
			return err
		}
		ids, hashes = append(ids, e.ID), append(hashes, tlog.RecordHash(leaf))
		streams, revisions = append(streams, e.Stream), append(revisions, int64(e.Revision))
	}
	if len(hashes) == 0 {
		return nil
	}
	var size int64
	err := tx.QueryRow(ctx, `UPDATE tree SET size = size + $1 RETURNING size - $1`, len(hashes)).Scan(&size)
	if err != nil {
		return fmt.Errorf("grow the tree: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO leaves (n, hash, event, stream, revision) SELECT $1 + i - 1, h, e, s, r
		FROM unnest($2::bytea[], $3::uuid[], $4::text[], $5::bigint[]) WITH ORDINALITY AS l (h, e, s, r, i)`,
		size, bytesOf(hashes), ids, streams, revisions)
	if err != nil {
		return fmt.Errorf("add leaves: %w", err)
	}
	return grow(ctx, tx, 0, size, hashes)
}

// grow adds to the level above what the hashes, from number n of their level on,
// complete there.
func grow(ctx context.Context, tx pgx.Tx, level int, n int64, hashes []tlog.Hash) error {
	first := n / width
	if (n+int64(len(hashes)))/width == first {
		return nil
	}
	begun, err := rowsOf(ctx, tx, level, first*width, int(n%width))
	if err != nil {
		return err
	}
	hashes = append(begun, hashes...)
	var roots []tlog.Hash
	for len(hashes) >= width {
		roots, hashes = append(roots, rootOf(hashes[:width])), hashes[width:]
	}
	_, err = tx.Exec(ctx, `INSERT INTO roots (level, n, hash) SELECT $1, $2 + i - 1, h FROM unnest($3::bytea[]) WITH ORDINALITY AS r (h, i)`,
		level+1, first, bytesOf(roots))
	if err != nil {
		return fmt.Errorf("add roots: %w", err)
	}
	return grow(ctx, tx, level+1, first, roots)
}

const (
	height = 8
	width  = 1 << height
)

// rootOf is the root of a full tile.
func rootOf(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	half := len(hashes) / 2
	return tlog.NodeHash(rootOf(hashes[:half]), rootOf(hashes[half:]))
}

// rowsOf are count hashes of a level, from number n on.
func rowsOf(ctx context.Context, tx pgx.Tx, level int, n int64, count int) ([]tlog.Hash, error) {
	if count == 0 {
		return nil, nil
	}
	sql, args := `SELECT hash FROM leaves WHERE n >= $1 AND n < $2 ORDER BY n`, []any{n, n + int64(count)}
	if level > 0 {
		sql, args = `SELECT hash FROM roots WHERE n >= $1 AND n < $2 AND level = $3 ORDER BY n`, append(args, level)
	}
	rows, _ := tx.Query(ctx, sql, args...)
	hashes, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h tlog.Hash, err error) {
		var data []byte
		if err = row.Scan(&data); err == nil && copy(h[:], data) != tlog.HashSize {
			err = fmt.Errorf("a hash of %d bytes", len(data))
		}
		return h, err
	})
	if err == nil && len(hashes) != count {
		err = fmt.Errorf("%d of %d are there", len(hashes), count)
	}
	if err != nil {
		return nil, fmt.Errorf("read hashes of level %d from %d on: %w", level, n, err)
	}
	return hashes, nil
}

func bytesOf(hashes []tlog.Hash) [][]byte {
	all := make([][]byte, len(hashes))
	for i := range hashes {
		all[i] = hashes[i][:]
	}
	return all
}
