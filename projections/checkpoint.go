package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// State says how a follower of the log is doing.
type State string

// The states. The first three stand in the checkpoint row, the others are known
// to the running instance only.
const (
	Running State = "running"
	Stopped State = "stopped" // an event could not be applied
	Filling State = "filling" // a new version beside an older one, and not caught up yet: no answers from it
	Waiting State = "waiting" // another instance has the lease, or the database is away
	Refused State = "refused" // the checkpoint belongs to another log or filter
)

// checkpoint is a row of ops.projector_checkpoint.
type checkpoint struct {
	source, filter string
	position       eventlog.Position
	events         int64
	updated        time.Time
	state          State
	problem        string
}

// channel is where a batch is announced, as "name version position".
const channel = "fleetledger_projections"

// querier is a pool, a connection or a transaction.
type querier interface {
	Exec(context.Context, string, ...any) (pgconn.CommandTag, error)
	QueryRow(context.Context, string, ...any) pgx.Row
}

// ErrForeignCheckpoint says that the checkpoint was written for another log or another
// choice of streams. Its positions mean nothing here; a rebuild starts over.
var ErrForeignCheckpoint = errors.New("the checkpoint belongs to another log or filter; rebuild the projection")

// errReload ends a session whose checkpoint lies before what it has read.
var errReload = errors.New("the checkpoint moved back")

// errNoCheckpoint: the follower was never prepared here, or its row was removed.
var errNoCheckpoint = errors.New("there is no checkpoint")

const selectCheckpoint = `SELECT source, filter, commit_position, prepare_position, events, updated_at, state, coalesce(error, '')
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
	err := row.Scan(&c.source, &c.filter, &c.position.Commit, &c.position.Prepare, &c.events, &c.updated, &c.state, &c.problem)
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
		state = CASE WHEN state = 'filling' AND NOT $9 THEN state ELSE 'running' END
	WHERE name = $1 AND version = $2 AND commit_position = $3 AND prepare_position = $4 RETURNING 1)
	SELECT pg_notify('` + channel + `', $8) FROM moved`

func swapArguments(name string, version int, old eventlog.Position, b eventlog.Batch) []any {
	return []any{name, version, old.Commit, old.Prepare, b.Upto.Commit, b.Upto.Prepare, len(b.Events), notice(name, version, b.Upto), b.CaughtUp}
}

// markStopped leaves word for everyone. It changes nothing when another
// instance has got past the position.
func markStopped(ctx context.Context, q querier, name string, version int, at eventlog.Position, problem string) error {
	_, err := q.Exec(ctx, `UPDATE ops.projector_checkpoint SET state = 'stopped', error = $5, updated_at = now()
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
