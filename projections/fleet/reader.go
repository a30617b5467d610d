package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/projections"
)

// Wait returns when the named projections have reached the position, or with
// query.ErrNotCaughtUp at the context's deadline. Runner.WaitFor is one.
type Wait func(ctx context.Context, names []string, p eventlog.Position) error

// maxWait is how long a read waits for its position.
const maxWait = 5 * time.Second

// Reader answers from the rows. Each answer is of one snapshot, at the position
// it gives.
type Reader struct {
	pool  *pgxpool.Pool
	wait  Wait
	begin pgx.TxOptions
}

var _ query.Reader = (*Reader)(nil)

// NewReader makes a Reader.
func NewReader(pool *pgxpool.Pool, wait Wait) *Reader {
	return &Reader{pool: pool, wait: wait, begin: projections.Snapshot(Projection().Schema())}
}

// ownWritesPatience is how long a read waits for the caller's own writes.
const ownWritesPatience = time.Second

// read runs do in one snapshot that is at least at f.MinPosition, and gives the
// snapshot's position. Where the context has a credential that has written more
// than the snapshot has, it waits for that a moment and takes another one.
func (r *Reader) read(ctx context.Context, f query.Freshness, do func(pgx.Tx) error) (eventlog.Position, error) {
	waiting, cancel := context.WithTimeout(ctx, maxWait)
	err := r.wait(waiting, []string{Name}, f.MinPosition)
	cancel()
	if err != nil {
		return eventlog.Position{}, err
	}
	position, err := r.once(ctx, query.OwnWriter(ctx), do)
	if behind, ok := errors.AsType[*behindOwnWrites](err); ok {
		waiting, cancel := context.WithTimeout(ctx, ownWritesPatience)
		_ = r.wait(waiting, []string{Name}, behind.wrote) // else what is there is answered
		cancel()
		position, err = r.once(ctx, nil, do)
	}
	if code(err) == planOutdated {
		// A statement prepared before a rebuild swapped the tables.
		position, err = r.once(ctx, nil, do)
	}
	if unavailable(err) {
		return position, fmt.Errorf("%w: %w", query.ErrUnavailable, err)
	}
	return position, err
}

// behindOwnWrites ends a read whose snapshot is before what the caller wrote.
type behindOwnWrites struct{ wrote eventlog.Position }

func (b *behindOwnWrites) Error() string { return "the read model is behind " + b.wrote.String() }

func (r *Reader) once(ctx context.Context, credential []byte, do func(pgx.Tx) error) (eventlog.Position, error) {
	var p, wrote eventlog.Position
	err := pgx.BeginTxFunc(ctx, r.pool, r.begin, func(tx pgx.Tx) error {
		var state projections.State
		err := tx.QueryRow(ctx, `SELECT c.commit_position, c.prepare_position, c.state, coalesce(w.commit_position, 0), coalesce(w.prepare_position, 0)
			FROM ops.projector_checkpoint c LEFT JOIN ops.own_writes w ON w.credential = $3 WHERE c.name = $1 AND c.version = $2`,
			Name, modelVersion, credential).Scan(&p.Commit, &p.Prepare, &state, &wrote.Commit, &wrote.Prepare)
		if err != nil {
			return fmt.Errorf("read position: %w", err)
		}
		if state == projections.Filling {
			return fmt.Errorf("the read model is new and being filled: %w", query.ErrNotCaughtUp)
		}
		if state == projections.Refused {
			return fmt.Errorf("the read model is of a future of the log that is lost: %w", query.ErrNotCaughtUp)
		}
		if p.Before(wrote) {
			return &behindOwnWrites{wrote}
		}
		return do(tx)
	})
	return p, err
}

// answer runs list in one snapshot and gives what it found, with the snapshot's
// position.
func answer[T any](ctx context.Context, r *Reader, what string, f query.Freshness, list func(pgx.Tx) (query.List[T], error)) (query.List[T], error) {
	var page query.List[T]
	position, err := r.read(ctx, f, func(tx pgx.Tx) (err error) {
		page, err = list(tx)
		return err
	})
	if err != nil {
		return query.List[T]{}, fmt.Errorf("list %s: %w", what, err)
	}
	page.Position = position
	return page, nil
}

const planOutdated = "0A000"

func code(err error) string {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answer.Code
	}
	return ""
}

// unavailable reports whether the database, or the tables in it, are not there
// to answer; asking again later may help.
func unavailable(err error) bool {
	return err != nil && !errors.Is(err, context.Canceled) && (projections.Unreachable(err) || projections.NotMade(err))
}
