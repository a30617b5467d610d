package webhooks

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

const insertDelivery = `INSERT INTO ops.webhook_deliveries (webhook, message, type, attempt, took_ms, status, failure, reason, answer)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING n, at`

func values(webhook uuid.UUID, d ports.Delivery) []any {
	return []any{webhook, d.Message, d.Type, d.Attempt, d.Took.Milliseconds(), d.Status, d.Failure, d.Reason, d.Answer}
}

// Delivered implements ports.Webhooks.
func (s *Store) Delivered(ctx context.Context, w ports.Webhook, d ports.Delivery) (after ports.Webhook, err error) {
	move := `last_event = $3, attempts = 0, failing_since = NULL`
	if d.Failure != "" {
		move = `attempts = attempts + 1, failing_since = coalesce(failing_since, now())`
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		args := []any{w.ID, w.Moves}
		if d.Failure == "" {
			args = append(args, d.Message)
		}
		if _, err := tx.Exec(ctx, `UPDATE ops.webhooks SET `+move+` WHERE id = $1 AND moves = $2`, args...); err != nil {
			return err
		}
		rows, _ := tx.Query(ctx, `SELECT `+columns+` FROM ops.webhooks WHERE id = $1`, w.ID)
		if after, err = pgx.CollectExactlyOneRow(rows, scan); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertDelivery, values(w.ID, d)...)
		return err
	})
	return after, postgres.Failure("note a delivery", err)
}

// Passed implements ports.Webhooks.
func (s *Store) Passed(ctx context.Context, w ports.Webhook, event uuid.UUID) error {
	_, err := s.pool.Exec(ctx, `UPDATE ops.webhooks SET last_event = $3 WHERE id = $1 AND moves = $2`, w.ID, w.Moves, event)
	return postgres.Failure("move a webhook on", err)
}

// Tested implements ports.Webhooks.
func (s *Store) Tested(ctx context.Context, id uuid.UUID, d ports.Delivery) (ports.Delivery, error) {
	err := s.pool.QueryRow(ctx, insertDelivery, values(id, d)...).Scan(&d.N, &d.At)
	d.At = d.At.UTC()
	return d, postgres.Failure("note a test of a webhook", err)
}

// Deliveries implements ports.Webhooks. The cursor is the number of the last one.
func (s *Store) Deliveries(ctx context.Context, id uuid.UUID, p query.Page) (page query.List[ports.Delivery], err error) {
	before := int64(1) << 62
	if p.Cursor != "" {
		if before, err = strconv.ParseInt(p.Cursor, 10, 64); err != nil {
			return page, query.ErrBadCursor
		}
	}
	if err := s.pool.QueryRow(ctx, `SELECT count(*) FROM ops.webhook_deliveries WHERE webhook = $1`, id).Scan(&page.Total); err != nil {
		return page, postgres.Failure("count deliveries", err)
	}
	rows, _ := s.pool.Query(ctx, `SELECT n, message, type, attempt, at, took_ms, status, failure, reason, answer
		FROM ops.webhook_deliveries WHERE webhook = $1 AND n < $2 ORDER BY n DESC LIMIT $3`, id, before, p.Limit+1)
	page.Items, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (d ports.Delivery, err error) {
		var took int64
		err = row.Scan(&d.N, &d.Message, &d.Type, &d.Attempt, &d.At, &took, &d.Status, &d.Failure, &d.Reason, &d.Answer)
		d.At, d.Took = d.At.UTC(), time.Duration(took)*time.Millisecond
		return d, err
	})
	if len(page.Items) > p.Limit {
		page.Items = page.Items[:p.Limit]
		page.NextCursor = strconv.FormatInt(page.Items[p.Limit-1].N, 10)
	}
	return page, postgres.Failure("list deliveries", err)
}

// RemoveDeliveries implements ports.Webhooks.
func (s *Store) RemoveDeliveries(ctx context.Context, age time.Duration, limit int) (int64, error) {
	tag, err := s.pool.Exec(ctx, `DELETE FROM ops.webhook_deliveries WHERE n IN
		(SELECT n FROM ops.webhook_deliveries WHERE at < now() - $1::interval ORDER BY at LIMIT $2)`, age, limit)
	return tag.RowsAffected(), postgres.Failure("remove old deliveries", err)
}
