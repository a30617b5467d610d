package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// noticeState is query.NoticeState of notices n.
var noticeState = fmt.Sprintf(`(CASE WHEN n.reason <> '' THEN '%s' WHEN n.failed > 0 THEN '%s' WHEN n.sent < n.mails THEN '%s' ELSE '%s' END COLLATE "C")`,
	query.NoticeSkipped, query.NoticeFailed, query.NoticeSending, query.NoticeSent)

// Notices lists notices, the youngest first unless asked otherwise.
func (r *Reader) Notices(ctx context.Context, q query.NoticeQuery) (query.List[query.NoticeRow], error) {
	l, err := noticeList(q)
	if err != nil {
		return query.List[query.NoticeRow]{}, err
	}
	return answer(ctx, r, "notices", q.Freshness, func(tx pgx.Tx) (query.List[query.NoticeRow], error) {
		return fetch(ctx, tx, l, scanNotice)
	})
}

func noticeList(q query.NoticeQuery) (*list, error) {
	l := &list{from: `notices n LEFT JOIN account_versions a ON a.uid = n.reseller AND a.valid_to = 'infinity'
		LEFT JOIN account_versions c ON c.uid = n.customer AND c.valid_to = 'infinity'`}
	// What a customer is shown is its own people's.
	own := "false"
	if q.Resellers != nil || q.Customers != nil {
		reseller := "n.reseller = ANY (" + l.arg(raw(q.Resellers)) + "::uuid[])"
		own = "NOT " + reseller
		l.where = append(l.where, "("+reseller+" OR n.customer = ANY ("+l.arg(raw(q.Customers))+"::uuid[]) AND EXISTS (SELECT FROM notice_mails m WHERE m.notice = n.uid AND "+toCustomer+"))")
	}
	recipients := "NULL::jsonb"
	if q.UID != uuid.Nil {
		l.filter("n.uid = %s", [16]byte(q.UID))
		recipients = `(SELECT jsonb_agg(jsonb_build_object('person', m.person, 'name', p.name, 'email', p.email, 'role', m.role, 'digest', m.digest, 'mail', m.mail,
				'state', m.state, 'at', m.at, 'reason', m.reason) ORDER BY m.role, p.name, m.person)
			FROM notice_mails m JOIN notice_recipients p ON p.round = n.round AND p.person = m.person WHERE m.notice = n.uid AND (NOT (` + own + `) OR ` + toCustomer + `))`
	}
	l.columns = "n.uid, n.reseller, coalesce(a.name, ''), n.customer, coalesce(c.name, ''), n.on_day, n.at, " + noticeState + `, n.reason, n.windows,
		n.total, n.auto_renewing, n.seen_before, n.expired, n.in_windows, n.mails, n.sent, n.failed, n.unseen, n.queued, n.seen_at, n.seen_by, ` + recipients
	if len(q.Months) > 0 {
		l.filter("to_char(n.on_day, 'YYYY-MM') = ANY (%s::text[])", q.Months)
	}
	if q.Accounts != nil {
		l.filter("n.customer = ANY (%s::uuid[])", raw(q.Accounts))
	}
	if len(q.States) > 0 {
		states := make([]string, len(q.States))
		for i, s := range q.States {
			states[i] = string(s)
		}
		l.filter(noticeState+" = ANY (%s::text[])", states)
	}
	if q.Seen != nil {
		l.filter("n.reason = '' AND (n.unseen = 0) = %s", *q.Seen)
	}
	if len(q.Recipients) > 0 {
		keys := make([]string, len(q.Recipients))
		for i, r := range q.Recipients {
			keys[i] = strings.ToLower(r)
		}
		l.filter(`EXISTS (SELECT FROM notice_mails m JOIN notice_recipients p ON p.round = n.round AND p.person = m.person
			WHERE m.notice = n.uid AND (NOT (`+own+`) OR `+toCustomer+`) AND (lower(p.email) = ANY (%s::text[]) OR m.person::text = ANY (%s::text[])))`, keys)
	}
	return l, l.page(q.Page, map[string]sortKey{
		"month":    {expr: "n.on_day", typ: "date"},
		"account":  {expr: "coalesce(c.name_key, '')", typ: "text"},
		"reseller": {expr: "coalesce(a.name_key, '')", typ: "text"},
		"state":    {expr: noticeState, typ: "text"},
		"devices":  {expr: "n.total", typ: "int"},
	}, "-month", "n.uid")
}

const toCustomer = "m.role = '" + string(notice.CustomerAdministrator) + "'"

func scanNotice() ([]any, func() (query.NoticeRow, error)) {
	var row query.NoticeRow
	var on pgtype.Date
	var seenAt *time.Time
	var windows, seenBy, recipients []byte
	var unseen int
	d := &row.Devices
	return []any{
			&row.UID, &row.Reseller, &row.ResellerName, &row.Customer, &row.CustomerName, &on, &row.At, &row.State, &row.Reason, &windows,
			&d.Total, &d.AutoRenewing, &d.SeenBefore, &d.Expired, &d.Windows, &row.Mails, &row.Sent, &row.Failed, &unseen, &row.Queued, &seenAt, &seenBy, &recipients,
		}, func() (query.NoticeRow, error) {
			row.On, row.At = dateFrom(on), row.At.UTC()
			row.Seen = row.Reason == "" && unseen == 0
			if row.Reason == "" {
				d.New = d.Total - d.AutoRenewing - d.SeenBefore
			}
			if seenAt != nil {
				row.SeenAt = seenAt.UTC()
			}
			for into, data := range map[any][]byte{&row.Windows: windows, &row.SeenBy: seenBy, &row.Recipients: recipients} {
				if data == nil {
					continue
				}
				if err := json.Unmarshal(data, into); err != nil {
					return row, fmt.Errorf("notice %s: %w", row.UID, err)
				}
			}
			return row, nil
		}
}

// NoticeChoices implements query.Reader.
func (r *Reader) NoticeChoices(ctx context.Context, p eventlog.Position, accounts []uuid.UUID) ([]query.NoticeChoice, error) {
	return rowsOf(ctx, r, "choices of notices", p, `SELECT person, account, delivery FROM notice_choices WHERE account = ANY ($1::uuid[]) ORDER BY person`,
		func(row pgx.CollectableRow) (c query.NoticeChoice, err error) {
			return c, row.Scan(&c.User, &c.Account, &c.Delivery)
		}, raw(accounts))
}

// SeenDevices implements query.Reader.
func (r *Reader) SeenDevices(ctx context.Context, q query.NoticesAfter) ([]query.SeenDevice, error) {
	return rowsOf(ctx, r, "acknowledged devices", q.MinPosition, `SELECT DISTINCT n.customer, d.device, d.service_end FROM notices n JOIN notice_devices d ON d.notice = n.uid
		WHERE n.reseller = $1 AND n.on_day < $2 AND d.seen`,
		func(row pgx.CollectableRow) (s query.SeenDevice, err error) {
			var end pgtype.Date
			err = row.Scan(&s.Customer, &s.Device, &end)
			s.ServiceEnd = dateFrom(end)
			return s, err
		}, [16]byte(q.Reseller), date(q.Before))
}

// mostPending is how many mails are looked at in one go.
const mostPending = 50_000

// PendingMails implements query.Reader.
func (r *Reader) PendingMails(ctx context.Context, p eventlog.Position) ([]query.PendingMail, error) {
	return rowsOf(ctx, r, "mails of notices", p, `SELECT m.notice, m.mail FROM notice_mails m WHERE m.state = $1 LIMIT $2`,
		func(row pgx.CollectableRow) (m query.PendingMail, err error) {
			return m, row.Scan(&m.Notice, &m.Mail)
		}, string(query.NoticeSending), mostPending)
}

// rowsOf collects the rows of a query at a position.
func rowsOf[T any](ctx context.Context, r *Reader, what string, p eventlog.Position, sql string, scan pgx.RowToFunc[T], args ...any) ([]T, error) {
	var all []T
	_, err := r.read(ctx, query.Freshness{MinPosition: p}, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, scan)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", what, err)
	}
	return all, nil
}
