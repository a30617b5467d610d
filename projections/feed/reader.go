package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/projections"
)

// Wait returns when the named projections have reached the position, or with
// query.ErrNotCaughtUp at the context's deadline. Runner.WaitQuietly is one.
type Wait func(ctx context.Context, names []string, p eventlog.Position) error

// Reader answers from the items.
type Reader struct {
	pool  *pgxpool.Pool
	wait  Wait
	begin pgx.TxOptions
}

var _ query.Feed = (*Reader)(nil)

// NewReader makes a Reader.
func NewReader(pool *pgxpool.Pool, wait Wait) *Reader {
	schema := fmt.Sprintf("rm_%s_v%d", Name, modelVersion)
	return &Reader{pool: pool, wait: wait, begin: projections.Snapshot(schema)}
}

// Wait is as query.Feed says.
func (r *Reader) Wait(ctx context.Context, p eventlog.Position) error {
	return r.wait(ctx, []string{Name}, p)
}

// Find is as query.Feed says.
func (r *Reader) Find(ctx context.Context, event uuid.UUID) (n int64, err error) {
	_, err = r.read(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT n FROM items WHERE event = $1`, event).Scan(&n)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("no item is the event %s: %w", event, query.ErrNotFound)
	}
	return n, err
}

// At is as query.Feed says.
func (r *Reader) At(ctx context.Context, n int64) (event uuid.UUID, err error) {
	_, err = r.read(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT event FROM items WHERE n = $1`, n).Scan(&event)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, fmt.Errorf("the feed has no item %d: %w", n, query.ErrNotFound)
	}
	return event, err
}

// Items is as query.Feed says.
func (r *Reader) Items(ctx context.Context, q query.FeedQuery) (page query.FeedPage, err error) {
	sql := `SELECT n, event, type, stream, revision, need, accounts, in_each, device, computed, commit_position, prepare_position
		FROM items WHERE n > $1 AND n <= $2`
	args := []any{q.After, q.Upto}
	filter := func(condition string, value any) {
		args = append(args, value)
		sql += fmt.Sprintf(condition, len(args))
	}
	if len(q.Types) > 0 {
		filter(` AND type = ANY ($%d)`, q.Types)
	}
	if q.Device != uuid.Nil {
		filter(` AND device = $%d`, q.Device)
	}
	filter(` ORDER BY n LIMIT $%d`, q.Limit)
	read := func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT items FROM head`).Scan(&page.Items); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, sql, args...)
		page.Found, err = pgx.CollectRows(rows, scanItem)
		return err
	}
	page.Position, err = r.once(ctx, query.OwnWriter(ctx), read)
	if behind, ok := errors.AsType[*behindOwnWrites](err); ok {
		waiting, cancel := context.WithTimeout(ctx, ownWritesPatience)
		_ = r.wait(waiting, []string{Name}, behind.wrote) // else what is there is answered
		cancel()
		page.Position, err = r.read(ctx, read)
	}
	if err != nil {
		return page, fmt.Errorf("read the feed: %w", err)
	}
	return page, nil
}

func scanItem(row pgx.CollectableRow) (i query.FeedItem, err error) {
	var device uuid.NullUUID
	err = row.Scan(&i.N, &i.Event, &i.Type, &i.Stream, &i.Revision, &i.Need, &i.Accounts, &i.InEach, &device, &i.Computed, &i.Position.Commit, &i.Position.Prepare)
	i.Device = device.UUID
	return i, err
}

// Next is as query.Feed says.
func (r *Reader) Next(ctx context.Context, after int64, accounts []uuid.UUID) (next int64, err error) {
	_, err = r.read(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, `SELECT coalesce(min(t.n), 0) FROM unnest($1::uuid[]) AS a (account)
			CROSS JOIN LATERAL (SELECT n FROM told WHERE told.account = a.account AND n > $2 ORDER BY n LIMIT 1) AS t`,
			raw(append([]uuid.UUID{query.Everybody}, accounts...)), after).Scan(&next)
	})
	return next, err
}

// ownWritesPatience is how long a read waits for the caller's own writes.
const ownWritesPatience = time.Second

// behindOwnWrites ends a read whose snapshot is before what the caller wrote.
type behindOwnWrites struct{ wrote eventlog.Position }

func (b *behindOwnWrites) Error() string { return "the feed is behind " + b.wrote.String() }

// read runs do in one snapshot of the live generation, and gives its position.
func (r *Reader) read(ctx context.Context, do func(pgx.Tx) error) (eventlog.Position, error) {
	return r.once(ctx, nil, do)
}

// once is read, unless the snapshot is before what was written with a credential; nil is
// none.
func (r *Reader) once(ctx context.Context, credential []byte, do func(pgx.Tx) error) (p eventlog.Position, err error) {
	err = pgx.BeginTxFunc(ctx, r.pool, r.begin, func(tx pgx.Tx) error {
		var state projections.State
		var wrote eventlog.Position
		err := tx.QueryRow(ctx, `SELECT c.state, c.commit_position, c.prepare_position, coalesce(w.commit_position, 0), coalesce(w.prepare_position, 0)
			FROM ops.projector_checkpoint c LEFT JOIN ops.own_writes w ON w.credential = $3 WHERE c.name = $1 AND c.version = $2`,
			Name, modelVersion, credential).Scan(&state, &p.Commit, &p.Prepare, &wrote.Commit, &wrote.Prepare)
		switch {
		case err != nil:
			return fmt.Errorf("read the state of the feed: %w", err)
		case state == projections.Filling || state == projections.Refused:
			return fmt.Errorf("the feed is being filled, or of a future of the log that is lost: %w", query.ErrNotCaughtUp)
		case p.Before(wrote):
			return &behindOwnWrites{wrote}
		}
		return do(tx)
	})
	if err != nil && !errors.Is(err, context.Canceled) && (projections.Unreachable(err) || projections.NotMade(err)) {
		return p, fmt.Errorf("%w: %w", query.ErrUnavailable, err)
	}
	return p, err
}
