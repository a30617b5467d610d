package fleet

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// notices is one batch's work on monthly notices. They have no versions, as
// renewals have none. Counts are taken when a notice is prepared and when something
// becomes of it, so that lists need not count.
type notices struct {
	statements pgx.Batch
}

func (*notices) add(e eventlog.Recorded) error {
	for _, prefix := range []string{noticePrefix, roundPrefix, choicePrefix} {
		if _, err := uidOf(e.Stream, prefix); err == nil {
			return nil
		}
	}
	return fmt.Errorf("stream %s: %w", e.Stream, errForeignStream)
}

func (*notices) load(*pgx.Batch) {}

func (n *notices) fold(e eventlog.Recorded) time.Time {
	switch event := e.Event.(type) {
	case notice.NoticeRoundBegun:
		n.queue(`INSERT INTO notice_rounds VALUES ($1, $2, $3, false) ON CONFLICT DO NOTHING`, raw16(event.Round), raw16(event.Reseller), date(event.On))
	case notice.NoticeRecipientNamed:
		n.queue(`INSERT INTO notice_recipients VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			raw16(event.Round), raw16(event.Person.ID), event.Person.Name, event.Person.Email)
	case notice.NoticeRoundClosed:
		n.closed(event, e.Metadata)
	case notice.NoticeDeliveryChosen:
		n.queue(`INSERT INTO notice_choices VALUES ($1, $2, $3) ON CONFLICT (person) DO UPDATE SET account = excluded.account, delivery = excluded.delivery`,
			raw16(event.User), raw16(event.Account), string(event.Delivery))
	case notice.NoticeDevicesListed:
		n.listed(event)
	case notice.NoticePrepared:
		n.prepared(event, e.Metadata)
	case notice.NoticeSkipped:
		n.skipped(event.About, event.Reason, event.Due, e.Metadata)
	case notice.NoticeQueued:
		n.queue(`UPDATE notices SET queued = true WHERE uid = $1`, raw16(event.Notice))
	case notice.NoticeSent:
		n.queue(`UPDATE notice_mails SET state = $3, at = $4 WHERE notice = $1 AND mail = ANY ($2::uuid[])`,
			raw16(event.Notice), raw(event.Mails), string(query.NoticeSent), e.Metadata.OccurredAt)
		n.count(event.Notice)
	case notice.NoticeFailed:
		n.queue(`UPDATE notice_mails SET state = $3, at = $4, reason = $5 WHERE notice = $1 AND mail = $2`,
			raw16(event.Notice), raw16(event.Mail), string(query.NoticeFailed), e.Metadata.OccurredAt, event.Reason)
		n.count(event.Notice)
	case notice.NoticeAcknowledged:
		n.queue(`UPDATE notice_devices SET seen = true WHERE notice = $1 AND device = ANY ($2::uuid[])`, raw16(event.Notice), raw(event.Devices))
		n.queue(`UPDATE notices SET seen_at = $2, seen_by = $3, unseen = (SELECT count(*) FROM notice_devices d WHERE d.notice = uid AND `+unseen+`)
			WHERE uid = $1`, raw16(event.Notice), e.Metadata.OccurredAt, actor(e.Metadata.Actor))
	}
	return e.Metadata.OccurredAt.UTC()
}

func (n *notices) queue(sql string, args ...any) { n.statements.Queue(sql, args...) }

// unseen is the condition that a device of a notice is left to be acknowledged.
const unseen = "NOT (d.seen OR d.seen_before OR d.auto_renew)"

func (n *notices) listed(e notice.NoticeDevicesListed) {
	if e.First == 0 {
		n.queue(`DELETE FROM notice_devices WHERE notice = $1`, raw16(e.Notice))
	}
	var devices [][16]byte
	var ends []pgtype.Date
	var auto, seen []bool
	for _, l := range e.Devices {
		devices, ends = append(devices, l.Device), append(ends, date(l.ServiceEnd))
		auto, seen = append(auto, l.AutoRenew), append(seen, l.Seen)
	}
	n.queue(`INSERT INTO notice_devices SELECT $1, d.*, false FROM unnest($2::uuid[], $3::date[], $4::boolean[], $5::boolean[]) d
		ON CONFLICT DO NOTHING`, raw16(e.Notice), devices, ends, auto, seen)
}

func (n *notices) prepared(e notice.NoticePrepared, m eventlog.Metadata) {
	windows, _ := json.Marshal(e.Windows) // names and numbers
	from, to := make([]int, len(e.Windows)), make([]int, len(e.Windows))
	for i, w := range e.Windows {
		from[i], to[i] = w.FromDay, w.ToDay
	}
	const counted = "NOT d.auto_renew AND d.service_end"
	n.queue(`INSERT INTO notices SELECT $1, $2, $3, $4, $5, $6, '', $7, count(*), count(*) FILTER (WHERE d.auto_renew),
			count(*) FILTER (WHERE d.seen_before AND NOT d.auto_renew), count(*) FILTER (WHERE `+counted+` < $5),
			(SELECT coalesce(array_agg((SELECT count(*)::int FROM notice_devices d WHERE d.notice = $1 AND `+counted+` BETWEEN $5::date + w.f AND $5::date + w.t) ORDER BY w.n), '{}')
				FROM unnest($8::int[], $9::int[]) WITH ORDINALITY w (f, t, n)),
			$10, 0, 0, count(*) FILTER (WHERE `+unseen+`), false
		FROM notice_devices d WHERE d.notice = $1 ON CONFLICT DO NOTHING`,
		raw16(e.Notice), raw16(e.Round), raw16(e.Reseller), raw16(e.Customer), date(e.On), m.OccurredAt, windows, from, to, len(e.Recipients))
	for _, r := range e.Recipients {
		n.queue(`INSERT INTO notice_mails VALUES ($1, $2, $3, $4, $5, $6, NULL, '') ON CONFLICT DO NOTHING`,
			raw16(e.Notice), raw16(r.Person), string(r.Role), raw16(r.Mail), r.Digest, string(query.NoticeSending))
	}
}

func (n *notices) skipped(a notice.About, why notice.Reason, due int, m eventlog.Metadata) {
	n.queue(`DELETE FROM notice_devices WHERE notice = $1`, raw16(a.Notice))
	n.queue(`INSERT INTO notices VALUES ($1, $2, $3, $4, $5, $6, $7, '[]', $8, 0, 0, 0, '{}', 0, 0, 0, 0, true) ON CONFLICT DO NOTHING`,
		raw16(a.Notice), raw16(a.Round), raw16(a.Reseller), raw16(a.Customer), date(a.On), m.OccurredAt, string(why), due)
}

// closed ends a round. Those of whom there was nothing to tell are rows, too.
func (n *notices) closed(e notice.NoticeRoundClosed, m eventlog.Metadata) {
	n.queue(`UPDATE notice_rounds SET closed = true WHERE uid = $1`, raw16(e.Round))
	if len(e.NothingDue) == 0 {
		return
	}
	n.queue(`INSERT INTO notices SELECT nothing.notice, r.uid, r.reseller, nothing.customer, r.on_day, $3, $4, '[]', 0, 0, 0, 0, '{}', 0, 0, 0, 0, true
		FROM notice_rounds r CROSS JOIN unnest($2::uuid[], $5::uuid[]) nothing (customer, notice) WHERE r.uid = $1 ON CONFLICT DO NOTHING`,
		raw16(e.Round), raw(e.NothingDue), m.OccurredAt, string(notice.NothingDue), raw(nothingOf(e)))
}

// nothingOf are ids for notices that there are none of; they follow from the round.
func nothingOf(e notice.NoticeRoundClosed) []uuid.UUID {
	uids := make([]uuid.UUID, len(e.NothingDue))
	for i, customer := range e.NothingDue {
		uids[i] = uuid.NewSHA1(e.Round, customer[:])
	}
	return uids
}

// count brings the counts of a notice's mails up to date.
func (n *notices) count(uid uuid.UUID) {
	n.queue(`UPDATE notices SET sent = m.sent, failed = m.failed FROM (SELECT count(*) FILTER (WHERE state = $2) AS sent,
		count(*) FILTER (WHERE state = $3) AS failed FROM notice_mails WHERE notice = $1) m WHERE uid = $1`,
		raw16(uid), string(query.NoticeSent), string(query.NoticeFailed))
}

func (n *notices) write(b *pgx.Batch) (copyFunc, error) {
	b.QueuedQueries = append(b.QueuedQueries, n.statements.QueuedQueries...)
	return noCopy, nil
}

func raw16(uid uuid.UUID) [16]byte { return uid }
