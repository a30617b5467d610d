// Package operations keeps long work that was answered with 202: app's
// OperationStore on the tables ops.operations and ops.operation_items.
//
// It is apart from package postgres so that what only needs a database does
// not depend on the use cases.
package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
)

// QueueChunk queues the job of an operation's next chunk, as part of the
// transaction that creates the operation or saves the chunk before.
type QueueChunk func(ctx context.Context, tx pgx.Tx, operation uuid.UUID) error

// Store keeps operations.
type Store struct {
	pool       *pgxpool.Pool
	queueChunk QueueChunk
	epoch      eventlog.Epoch
}

var _ ports.OperationStore = (*Store)(nil)

// NewStore keeps operations in the migrated database of pool. The positions that they
// got to are those of an epoch of the log.
func NewStore(pool *pgxpool.Pool, queueChunk QueueChunk, epoch eventlog.Epoch) *Store {
	return &Store{pool: pool, queueChunk: queueChunk, epoch: epoch}
}

// CreateOperation implements ports.OperationStore.
func (s *Store) CreateOperation(ctx context.Context, op ports.Operation, request []byte, items [][]byte) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			INSERT INTO ops.operations (id, kind, account, state, request, total, created_at)
			VALUES ($1, $2, nullif($3, '00000000-0000-0000-0000-000000000000'::uuid), 'queued', $4, $5, $6)
			ON CONFLICT (id) DO NOTHING`,
			op.ID, string(op.Kind), op.Account, request, len(items), op.CreatedAt)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		_, err = tx.CopyFrom(ctx, pgx.Identifier{postgres.Schema, "operation_items"},
			[]string{"operation", "index", "item"},
			pgx.CopyFromSlice(len(items), func(i int) ([]any, error) { return []any{op.ID, i, items[i]}, nil }))
		if err != nil {
			return err
		}
		return s.queueChunk(ctx, tx, op.ID)
	})
	return postgres.Failure("create operation", err)
}

// Operation implements ports.OperationStore.
func (s *Store) Operation(ctx context.Context, id uuid.UUID) (ports.Operation, error) {
	op, err := s.scan(s.pool.QueryRow(ctx, "SELECT "+columns+" FROM ops.operations WHERE id = $1", id))
	return op, postgres.Failure("read operation", err)
}

func (s *Store) scan(row pgx.Row) (ports.Operation, error) {
	var (
		op                ports.Operation
		account           *uuid.UUID
		started, finished *time.Time
		position          string
	)
	err := row.Scan(&op.ID, &op.Kind, &account, &op.State, &op.Total, &op.Done, &op.Counters, &op.CreatedAt,
		&started, &finished, &op.Error, &position)
	if err != nil {
		return ports.Operation{}, err
	}
	if account != nil {
		op.Account = *account
	}
	op.CreatedAt = op.CreatedAt.UTC()
	if started != nil {
		op.StartedAt = started.UTC()
	}
	if finished != nil {
		op.FinishedAt = finished.UTC()
	}
	if position != "" {
		// What was written in a future of the log that is lost need not be waited for.
		if op.Position, err = s.epoch.ParsePosition(position); errors.Is(err, eventlog.ErrOtherEpoch) {
			err = nil
		}
	}
	return op, err
}

// OperationRequest implements ports.OperationStore.
func (s *Store) OperationRequest(ctx context.Context, id uuid.UUID, from, limit int) (request []byte, items [][]byte, err error) {
	err = s.pool.QueryRow(ctx, `SELECT request FROM ops.operations WHERE id = $1`, id).Scan(&request)
	if err == nil {
		items, err = s.column(ctx, `
			SELECT item FROM ops.operation_items
			WHERE operation = $1 AND index >= $2 ORDER BY index LIMIT $3`, id, from, limit)
	}
	return request, items, postgres.Failure("read request of operation", err)
}

// OperationResults implements ports.OperationStore.
func (s *Store) OperationResults(ctx context.Context, id uuid.UUID, from, limit int) ([][]byte, error) {
	results, err := s.column(ctx, `
		SELECT result FROM ops.operation_items
		WHERE operation = $1 AND index >= $2 AND result IS NOT NULL ORDER BY index LIMIT $3`, id, from, limit)
	return results, postgres.Failure("read results of operation", err)
}

func (s *Store) column(ctx context.Context, query string, args ...any) ([][]byte, error) {
	rows, err := s.pool.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[[]byte])
}

// SaveChunk implements ports.OperationStore.
func (s *Store) SaveChunk(ctx context.Context, id uuid.UUID, chunk ports.OperationChunk) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var total int
		counters := map[domain.Outcome]int{}
		err := tx.QueryRow(ctx, `
			SELECT total, counters FROM ops.operations
			WHERE id = $1 AND done = $2 AND state IN ('queued', 'running') FOR UPDATE`, id, chunk.From).Scan(&total, &counters)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		for outcome, n := range chunk.Counters {
			counters[outcome] += n
		}
		if err := saveResults(ctx, tx, id, chunk); err != nil {
			return err
		}
		if err := s.saveProgress(ctx, tx, id, chunk, counters); err != nil || chunk.From+len(chunk.Results) == total {
			return err
		}
		return s.queueChunk(ctx, tx, id)
	})
	return postgres.Failure("save results of operation", err)
}

func saveResults(ctx context.Context, tx pgx.Tx, id uuid.UUID, chunk ports.OperationChunk) error {
	results := make([]string, len(chunk.Results))
	for i, result := range chunk.Results {
		results[i] = string(result)
	}
	tag, err := tx.Exec(ctx, `
		UPDATE ops.operation_items AS i SET result = r.result::json
		FROM unnest($3::text[]) WITH ORDINALITY AS r (result, nth)
		WHERE i.operation = $1 AND i.index = $2 + r.nth - 1`, id, chunk.From, results)
	if err != nil {
		return err
	}
	if int(tag.RowsAffected()) != len(results) {
		return fmt.Errorf("%d results from item %d on, for %d items", len(results), chunk.From, tag.RowsAffected())
	}
	return nil
}

func (s *Store) saveProgress(ctx context.Context, tx pgx.Tx, id uuid.UUID, chunk ports.OperationChunk, counters map[domain.Outcome]int) error {
	summed, err := json.Marshal(counters)
	if err != nil {
		return err
	}
	var position string
	if chunk.Position != (eventlog.Position{}) {
		position = chunk.Position.String()
	}
	_, err = tx.Exec(ctx, `
		UPDATE ops.operations SET
			done = done + $2,
			counters = $3,
			position = coalesce(nullif($4, ''), position),
			epoch = CASE WHEN $4 = '' THEN epoch ELSE nullif($6, '') END,
			started_at = coalesce(started_at, $5),
			state = CASE WHEN done + $2 = total THEN 'done' ELSE 'running' END,
			finished_at = CASE WHEN done + $2 = total THEN $5::timestamptz END
		WHERE id = $1`, id, len(chunk.Results), summed, position, chunk.At, s.epoch.String())
	return err
}

// FailOperation implements ports.OperationStore.
func (s *Store) FailOperation(ctx context.Context, id uuid.UUID, reason string, at time.Time) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE ops.operations SET state = 'failed', error = $2, finished_at = $3
		WHERE id = $1 AND state IN ('queued', 'running')`, id, reason, at)
	return postgres.Failure("fail operation", err)
}

// StopOperations implements ports.OperationStore.
func (s *Store) StopOperations(ctx context.Context, account uuid.UUID, reason string, upTo, at time.Time) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE ops.operations SET state = 'failed', error = $2, finished_at = $4
		WHERE account = $1 AND created_at <= $3 AND state IN ('queued', 'running')`, account, reason, upTo, at)
	return postgres.Failure("stop operations", err)
}

// OpenOperations implements ports.OperationStore.
func (s *Store) OpenOperations(ctx context.Context, account uuid.UUID) (open int, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT count(*) FROM ops.operations WHERE account = $1 AND state IN ('queued', 'running')`, account).Scan(&open)
	return open, postgres.Failure("count operations", err)
}
