package securitylog

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

const columns = `id, kind, at, last_at, times, account, actor_kind, actor, user_uid, host(address), why`

// listed are the entries that a query is about.
const listed = ` FROM ops.security_log WHERE ($1::uuid IS NULL OR account = $1) AND (cardinality($2::text[]) = 0 OR kind = ANY ($2))
	AND (cardinality($3::uuid[]) = 0 OR user_uid = ANY ($3)) AND ($4::timestamptz IS NULL OR at >= $4) AND ($5::timestamptz IS NULL OR at < $5)`

// Entries implements ports.SecurityLog. A page begins after the last entry of the one
// before.
func (l *Log) Entries(ctx context.Context, q ports.SecurityQuery) (query.List[ports.SecurityEntry], error) {
	var page query.List[ports.SecurityEntry]
	oldestFirst := len(q.Sort) > 0 && q.Sort[0] == "at"
	after, order := " AND (at, id) < ($6, $7)", " ORDER BY at DESC, id DESC LIMIT $8"
	if oldestFirst {
		after, order = " AND (at, id) > ($6, $7)", " ORDER BY at, id LIMIT $8"
	}
	at, id, err := resume(q.Cursor, oldestFirst)
	if err != nil {
		return page, err
	}
	if q.Cursor == "" {
		after = " AND $6::timestamptz IS NOT NULL AND $7::uuid IS NOT NULL"
	}
	if err := l.Flush(ctx); err != nil {
		return page, err
	}
	kinds := make([]string, len(q.Kinds))
	for i, kind := range q.Kinds {
		kinds[i] = string(kind)
	}
	filters := []any{q.Account, kinds, append([]uuid.UUID{}, q.Users...), instant(q.From), instant(q.To)}
	err = pgx.BeginTxFunc(ctx, l.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT count(*)"+listed, filters...).Scan(&page.Total); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, "SELECT "+columns+listed+after+order, append(filters, at, id, q.Limit+1)...)
		if err != nil {
			return err
		}
		page.Items, err = pgx.CollectRows(rows, scan)
		return err
	})
	if err != nil {
		return page, postgres.Failure("list the security log", err)
	}
	if len(page.Items) > q.Limit {
		page.Items = page.Items[:q.Limit]
		page.NextCursor = cursor(page.Items[q.Limit-1], oldestFirst)
	}
	return page, nil
}

func scan(row pgx.CollectableRow) (e ports.SecurityEntry, err error) {
	var account, user *uuid.UUID
	var from *string
	err = row.Scan(&e.ID, &e.Kind, &e.At, &e.LastAt, &e.Times, &account, &e.Actor.Kind, &e.Actor.ID, &user, &from, &e.Why)
	if account != nil {
		e.Account = *account
	}
	if user != nil {
		e.User = *user
	}
	if from != nil {
		e.From, _ = netip.ParseAddr(*from)
	}
	return e, err
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// cursor names the entry that a page comes after, in this order.
func cursor(e ports.SecurityEntry, oldestFirst bool) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %s %t", e.At.UTC().Format(time.RFC3339Nano), e.ID, oldestFirst))
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
	e := ports.SecurityEntry{ID: id, At: at}
	if err != nil || notUID != nil || cursor(e, oldestFirst) != opaque {
		return time.Time{}, uuid.Nil, query.ErrBadCursor
	}
	return at, id, nil
}
