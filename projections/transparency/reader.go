package transparency

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/projections"
)

// Wait returns when the named projections have reached the position, or with
// query.ErrNotCaughtUp at the context's deadline. Runner.WaitFor is one.
type Wait func(ctx context.Context, names []string, p eventlog.Position) error

// maxWait is how long a read waits for its position.
const maxWait = 5 * time.Second

// Reader answers from the tree.
type Reader struct {
	pool  *pgxpool.Pool
	wait  Wait
	begin pgx.TxOptions
}

var _ query.Tree = (*Reader)(nil)

// NewReader makes a Reader.
func NewReader(pool *pgxpool.Pool, wait Wait) *Reader {
	return &Reader{pool: pool, wait: wait, begin: projections.Snapshot(Projection().Schema())}
}

// Size is how many leaves the tree has, once it has come to a position.
func (r *Reader) Size(ctx context.Context, p eventlog.Position) (size int64, err error) {
	waiting, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	if err := r.wait(waiting, []string{Name}, p); err != nil {
		return 0, err
	}
	err = r.read(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT size FROM tree`).Scan(&size)
	})
	return size, err
}

// Leaf finds the leaf that is the event; query.ErrNotFound while there is none.
func (r *Reader) Leaf(ctx context.Context, event uuid.UUID) (l query.Leaf, err error) {
	err = r.read(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT n, stream, revision FROM leaves WHERE event = $1 ORDER BY n LIMIT 1`, event).
			Scan(&l.N, &l.Stream, &l.Revision)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return l, fmt.Errorf("no leaf is the event %s: %w", event, query.ErrNotFound)
	}
	return l, err
}

// Tiles are the hashes of tiles of height 8, as tlog.TileReader wants them; one that
// is not full is query.ErrNotFound where the tree has less of it than is asked for.
func (r *Reader) Tiles(ctx context.Context, tiles []tlog.Tile) (all [][]byte, err error) {
	err = r.read(ctx, func(tx pgx.Tx) error {
		var size int64
		if err := tx.QueryRow(ctx, `SELECT size FROM tree`).Scan(&size); err != nil {
			return err
		}
		all = make([][]byte, len(tiles))
		for i, t := range tiles {
			first := t.N * width
			if t.H != height || t.L < 0 || t.L > 7 || t.W < 1 || t.W > width || t.N < 0 || first+int64(t.W) > size>>(height*t.L) {
				return fmt.Errorf("the tree of %d leaves has no tile %s: %w", size, t.Path(), query.ErrNotFound)
			}
			hashes, err := rowsOf(ctx, tx, t.L, first, t.W)
			if err != nil {
				return err
			}
			for _, h := range hashes {
				all[i] = append(all[i], h[:]...)
			}
		}
		return nil
	})
	return all, err
}

// read runs do in one snapshot of the live generation.
func (r *Reader) read(ctx context.Context, do func(pgx.Tx) error) error {
	err := pgx.BeginTxFunc(ctx, r.pool, r.begin, func(tx pgx.Tx) error {
		var state projections.State
		err := tx.QueryRow(ctx, `SELECT state FROM ops.projector_checkpoint WHERE name = $1 AND version = $2`, Name, modelVersion).Scan(&state)
		switch {
		case err != nil:
			return fmt.Errorf("read the state of the tree: %w", err)
		case state == projections.Filling || state == projections.Refused:
			return fmt.Errorf("the tree is being filled, or of a future of the log that is lost: %w", query.ErrNotCaughtUp)
		}
		return do(tx)
	})
	if err != nil && !errors.Is(err, context.Canceled) && (projections.Unreachable(err) || projections.NotMade(err)) {
		return fmt.Errorf("%w: %w", query.ErrUnavailable, err)
	}
	return err
}
