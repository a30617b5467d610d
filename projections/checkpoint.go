package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// State says how a follower of the log is doing.
type State string

// The states. All but Waiting may stand in the checkpoint row.
const (
	Running State = "running"
	Stopped State = "stopped" // an event could not be applied
	Filling State = "filling" // a new version beside an older one, and not caught up yet: no answers from it
	Waiting State = "waiting" // another instance has the lease, or the database is away
	Refused State = "refused" // the checkpoint belongs to another log or filter, or to a lost future of this log
)

// checkpoint is a row of ops.projector_checkpoint.
type checkpoint struct {
	source, filter string
	position       eventlog.Position
	events         int64
	updated        time.Time
	state          State
	problem        string
	last           appliedEvent
	lastError      string // also when all is well again
	lastErrorAt    time.Time
}

// channel is where a batch is announced, as "name version position", with " back"
// behind it where the position may be before the last one.
const channel = "fleetledger_projections"

// querier is a pool, a connection or a transaction.
type querier interface {
	Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
	QueryRow(context.Context, string, ...any) pgx.Row
}

// ErrForeignCheckpoint says that the checkpoint was written for another log or another
// choice of streams. Its positions mean nothing here; a rebuild starts over, and finds
// where a reaction goes on in a copy of the log.
var ErrForeignCheckpoint = errors.New("the checkpoint belongs to another log or filter; " +
	"where this log is a copy of the one before, stop all instances and run `fleetledger projections rebuild`")

// errReload ends a session whose checkpoint lies before what it has read.
var errReload = errors.New("the checkpoint moved back")

// errNoCheckpoint: the follower was never prepared here, or its row was removed.
var errNoCheckpoint = errors.New("there is no checkpoint")

const selectCheckpoint = `SELECT source, filter, commit_position, prepare_position, events, updated_at, state, coalesce(error, ''),
	CASE WHEN event_count = events THEN event_id END, coalesce(event_stream, ''), coalesce(event_revision, 0), coalesce(event_commit, 0), coalesce(event_prepare, 0),
	coalesce(last_error, ''), last_error_at
	FROM ops.projector_checkpoint WHERE name = $1 AND version = $2`

func loadCheckpoint(ctx context.Context, q querier, name string, version int) (checkpoint, error) {
	return scanCheckpoint(name, q.QueryRow(ctx, selectCheckpoint, name, version))
}

// lockCheckpoint also keeps others from moving it until the transaction ends.
func lockCheckpoint(ctx context.Context, tx pgx.Tx, name string, version int) (checkpoint, error) {
	return scanCheckpoint(name, tx.QueryRow(ctx, selectCheckpoint+" FOR UPDATE", name, version))
}

func scanCheckpoint(name string, row pgx.Row) (checkpoint, error) {
	var c checkpoint
	var id uuid.NullUUID
	var failed *time.Time
	err := row.Scan(&c.source, &c.filter, &c.position.Commit, &c.position.Prepare, &c.events, &c.updated, &c.state, &c.problem,
		&id, &c.last.stream, &c.last.revision, &c.last.position.Commit, &c.last.position.Prepare,
		&c.lastError, &failed)
	c.last.id = id.UUID
	if failed != nil {
		c.lastErrorAt = *failed
	}
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return c, fmt.Errorf("%s: %w", name, errNoCheckpoint)
	case err != nil:
		return c, fmt.Errorf("load checkpoint of %s: %w", name, err)
	}
	return c, nil
}

// insertCheckpoint reports whether the row is new. A second instance waits
// here until the first one's transaction has ended.
func insertCheckpoint(ctx context.Context, q querier, name string, version int, source, filter string) (bool, error) {
	tag, err := q.Exec(ctx, `INSERT INTO ops.projector_checkpoint
		(name, version, source, filter, commit_position, prepare_position, state)
		SELECT $1, $2, $3, $4, 0, 0, CASE WHEN EXISTS (SELECT FROM ops.projector_checkpoint WHERE name = $1 AND version <> $2)
			THEN 'filling' ELSE 'running' END
		ON CONFLICT (name, version) DO NOTHING`, name, version, source, filter)
	if err != nil {
		return false, fmt.Errorf("create checkpoint of %s: %w", name, err)
	}
	return tag.RowsAffected() == 1, nil
}

// swapCheckpoint is the compare-and-swap: it moves the pair from old to the
// new position only where it still is old, and announces it then. It gives one
// row if it did, else none.
const swapCheckpoint = `WITH moved AS (UPDATE ops.projector_checkpoint
	SET commit_position = $5, prepare_position = $6, events = events + $7, updated_at = now(), error = NULL,
		state = CASE WHEN state = 'filling' AND NOT $9 THEN state ELSE 'running' END,
		event_id = coalesce($10, event_id), event_stream = coalesce($11, event_stream), event_revision = coalesce($12, event_revision),
		event_commit = coalesce($13, event_commit), event_prepare = coalesce($14, event_prepare),
		event_count = CASE WHEN $10 IS NOT NULL OR event_count = events THEN events + $7 END
	WHERE name = $1 AND version = $2 AND commit_position = $3 AND prepare_position = $4 RETURNING 1)
	SELECT pg_notify('` + channel + `', $8) FROM moved`

func swapArguments(name string, version int, old eventlog.Position, b eventlog.Batch) []any {
	return append([]any{
		name, version, old.Commit, old.Prepare, b.Upto.Commit, b.Upto.Prepare, len(b.Events), notice(name, version, b.Upto), b.CaughtUp,
	}, lastOf(b.Events).columns()...)
}

// markStopped leaves word for everyone. It changes nothing when another
// instance has got past the position.
func markStopped(ctx context.Context, q querier, name string, version int, at eventlog.Position, problem string) error {
	_, err := q.Exec(ctx, `UPDATE ops.projector_checkpoint SET state = 'stopped', error = $5, updated_at = now(), last_error = $5, last_error_at = now()
		WHERE name = $1 AND version = $2 AND commit_position = $3 AND prepare_position = $4`,
		name, version, at.Commit, at.Prepare, problem)
	if err != nil {
		return fmt.Errorf("mark %s stopped: %w", name, err)
	}
	return nil
}

func notice(name string, version int, p eventlog.Position) string {
	return fmt.Sprintf("%s %d %s", name, version, p)
}
