package operations

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

const columns = `id, kind, account, state, total, done, counters, created_at, started_at, finished_at,
	coalesce(error, ''), coalesce(epoch || '-', '') || coalesce(position, '')`

// listed are the operations that a query is about.
const listed = ` FROM ops.operations WHERE (account = ANY ($1::uuid[]) OR $2 AND account IS NULL)
	AND (cardinality($3::text[]) = 0 OR state = ANY ($3)) AND (cardinality($4::text[]) = 0 OR kind = ANY ($4))`

// Operations implements ports.OperationStore. A page begins after the last
// operation of the one before.
func (s *Store) Operations(ctx context.Context, q ports.OperationQuery) (query.List[ports.Operation], error) {
	var page query.List[ports.Operation]
	oldestFirst := len(q.Sort) > 0 && q.Sort[0] == "createdAt"
	after, order := " AND (created_at, id) < ($5, $6)", " ORDER BY created_at DESC, id DESC LIMIT $7"
	if oldestFirst {
		after, order = " AND (created_at, id) > ($5, $6)", " ORDER BY created_at, id LIMIT $7"
	}
	at, id, err := resume(q.Cursor, oldestFirst)
	if err != nil {
		return page, err
	}
	if q.Cursor == "" {
		after = " AND $5::timestamptz IS NOT NULL AND $6::uuid IS NOT NULL"
	}
	filters := []any{q.Accounts, q.Operator, texts(q.States), texts(q.Kinds)}
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT count(*)"+listed, filters...).Scan(&page.Total); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, "SELECT "+columns+listed+after+order, append(filters, at, id, q.Limit+1)...)
		if err != nil {
			return err
		}
		page.Items, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (ports.Operation, error) { return s.scan(row) })
		return err
	})
	if err != nil {
		return page, postgres.Failure("list operations", err)
	}
	if len(page.Items) > q.Limit {
		page.Items = page.Items[:q.Limit]
		page.NextCursor = cursor(page.Items[q.Limit-1], oldestFirst)
	}
	return page, nil
}

func texts[T ~string](all []T) []string {
	plain := make([]string, len(all))
	for i, v := range all {
		plain[i] = string(v)
	}
	return plain
}

// cursor names the operation that a page comes after, in this order.
func cursor(o ports.Operation, oldestFirst bool) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %s %t", o.CreatedAt.Format(time.RFC3339Nano), o.ID, oldestFirst))
}

// resume reads such a cursor; without one it gives values that are not looked at.
func resume(opaque string, oldestFirst bool) (time.Time, uuid.UUID, error) {
	if opaque == "" {
		return time.Time{}, uuid.Nil, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(opaque)
	fields := strings.Fields(string(data))
	if err != nil || len(fields) != 3 {
		return time.Time{}, uuid.Nil, query.ErrBadCursor
	}
	at, err := time.Parse(time.RFC3339Nano, fields[0])
	id, notUID := uuid.Parse(fields[1])
	o := ports.Operation{ID: id, CreatedAt: at}
	if err != nil || notUID != nil || cursor(o, oldestFirst) != opaque {
		return time.Time{}, uuid.Nil, query.ErrBadCursor
	}
	return at, id, nil
}
