package fleet

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/query"
)

// Releases lists release requests, the youngest first unless asked otherwise.
func (r *Reader) Releases(ctx context.Context, q query.ReleaseQuery) (query.List[query.ReleaseRow], error) {
	l := &list{
		columns: "q.uid, q.owner, q.requester, q.device, q.serial_number, q.reason, q.requested_at, q.status, q.answered_at",
		from:    "release_requests q",
	}
	l.where = append(l.where, "("+l.within("q.owner", q.Holders)+" OR "+l.within("q.requester", q.Askers)+")")
	l.scope("q.device", q.Devices)
	eitherOf(l, "q.status", q.Statuses)
	err := l.page(q.Page, map[string]sortKey{
		"requestedAt":  {expr: "q.requested_at", typ: "timestamptz"},
		"serialNumber": {expr: "q.serial_number", typ: "text"},
		"state":        {expr: "q.status", typ: "text"},
	}, "-requestedAt", "q.uid")
	if err != nil {
		return query.List[query.ReleaseRow]{}, err
	}
	return answer(ctx, r, "release requests", q.Freshness, func(tx pgx.Tx) (query.List[query.ReleaseRow], error) {
		return fetch(ctx, tx, l, scanRelease)
	})
}

func scanRelease() ([]any, func() (query.ReleaseRow, error)) {
	var row query.ReleaseRow
	var answered *time.Time
	return []any{
			&row.UID, &row.Owner, &row.Requester, &row.Device, &row.SerialNumber, &row.Reason, &row.RequestedAt, &row.Status, &answered,
		}, func() (query.ReleaseRow, error) {
			row.RequestedAt = row.RequestedAt.UTC()
			if answered != nil {
				row.AnsweredAt = answered.UTC()
			}
			return row, nil
		}
}
