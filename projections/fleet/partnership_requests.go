package fleet

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
)

// requestFacts are what a batch says of requests for partnerships, in its order.
type requestFacts struct {
	statements []*pgx.QueuedQuery
}

func (f *requestFacts) queue(sql string, args ...any) {
	f.statements = append(f.statements, &pgx.QueuedQuery{SQL: sql, Arguments: args})
}

// add takes an event. It has a time of its own: a partnership that was only asked for is
// none yet.
func (f *requestFacts) add(e eventlog.Recorded) {
	at := e.Metadata.OccurredAt.UTC()
	switch event := e.Event.(type) {
	case partnership.PartnershipRequested:
		f.queue(`INSERT INTO partnership_requests (uid, reseller, customer, state, profile, until, note, requested_at, reason)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')
			ON CONFLICT (uid) DO UPDATE SET state = excluded.state, profile = excluded.profile, until = excluded.until, note = excluded.note,
				requested_at = excluded.requested_at, answered_at = NULL, reason = ''`,
			[16]byte(event.Partnership), [16]byte(event.Reseller), [16]byte(event.Customer), string(partnership.Open), event.Profile,
			pgtype.Timestamptz{Time: event.Until, Valid: !event.Until.IsZero()}, event.Note, at)
	case partnership.PartnershipEstablished:
		f.answered(event.Partnership, query.RequestAccepted, "", at)
	case partnership.PartnershipRequestDeclined:
		f.answered(event.Partnership, string(partnership.Declined), event.Reason, at)
	case partnership.PartnershipRequestWithdrawn:
		f.answered(event.Partnership, string(partnership.Withdrawn), event.Reason, at)
	}
}

func (f *requestFacts) answered(uid uuid.UUID, state, reason string, at time.Time) {
	f.queue(`UPDATE partnership_requests SET state = $2, reason = $3, answered_at = $4 WHERE uid = $1 AND state = $5`,
		[16]byte(uid), state, reason, at, string(partnership.Open))
}

func (f *requestFacts) write(b *pgx.Batch) {
	for _, s := range f.statements {
		b.Queue(s.SQL, s.Arguments...)
	}
}

// PartnershipRequests lists requests for partnerships, the latest first. To an
// account that is no customer none was made.
func (r *Reader) PartnershipRequests(ctx context.Context, q query.PartnershipRequestQuery) (query.List[query.PartnershipRequestRow], error) {
	var l list
	if q.UID != uuid.Nil {
		l.filter("q.uid = %s", [16]byte(q.UID))
	}
	if q.Accounts != nil {
		accounts := l.arg(raw(q.Accounts)) + "::uuid[]"
		l.where = append(l.where, "(q.reseller = ANY ("+accounts+") OR q.customer = ANY ("+accounts+") AND c.type = "+l.arg(string(account.Standard))+")")
	}
	if q.State != "" {
		l.filter("q.state = %s", q.State)
	}
	sql := `SELECT q.uid, q.reseller, r.name, q.customer, coalesce(c.name, ''), coalesce(c.type, ''), q.state, q.profile, q.until, q.note,
			q.requested_at, q.answered_at, q.reason
		FROM partnership_requests q
		JOIN account_versions r ON r.uid = q.reseller AND ` + l.valid("r", time.Time{}) + `
		LEFT JOIN account_versions c ON c.uid = q.customer AND ` + l.valid("c", time.Time{}) +
		conditions(l.where) + ` ORDER BY q.requested_at DESC, q.uid`
	return answer(ctx, r, "requests for partnerships", q.Freshness, func(tx pgx.Tx) (page query.List[query.PartnershipRequestRow], err error) {
		rows, err := tx.Query(ctx, sql, l.args...)
		if err != nil {
			return page, err
		}
		page.Items, err = pgx.CollectRows(rows, scanPartnershipRequest)
		page.Total = len(page.Items)
		return page, err
	})
}

func scanPartnershipRequest(row pgx.CollectableRow) (q query.PartnershipRequestRow, err error) {
	var until, answered *time.Time
	err = row.Scan(&q.UID, &q.Reseller, &q.ResellerName, &q.Customer, &q.CustomerName, &q.CustomerType, &q.State, &q.Profile, &until, &q.Note,
		&q.RequestedAt, &answered, &q.Reason)
	q.RequestedAt = q.RequestedAt.UTC()
	if until != nil {
		q.Until = until.UTC()
	}
	if answered != nil {
		q.AnsweredAt = answered.UTC()
	}
	return q, err
}
