package fleet

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/text"
)

// renewals is one batch's work on renewals and allocations. They have no versions:
// nobody asks for those of a past instant. What an order's stream and its devices'
// streams say both comes here, so that a renewal from before there were orders is
// one that was applied when its first device was renewed.
type renewals struct{ statements }

// renewal is a row to be.
type renewal struct {
	uid, account              uuid.UUID
	term, align, number, note string
	until                     calendar.Date
	offer                     catalogue.Offer
}

func (*renewals) add(e eventlog.Recorded) error { return inStream(e, renewalPrefix) }

// fold takes an event of an order.
func (r *renewals) fold(e eventlog.Recorded) time.Time {
	switch event := e.Event.(type) {
	case order.RenewalOrdered:
		align := string(event.Align.Kind)
		if event.Align.Kind == device.AlignDate {
			align = event.Align.Day.String()
		}
		r.insert(renewal{
			uid: event.Order, account: event.Account, term: event.Term, until: event.Until, align: align,
			number: event.OrderNumber, note: event.Note, offer: event.Offer,
		}, e.Metadata)
		devices, accounts := make([][16]byte, len(event.Devices)), make([][16]byte, len(event.Devices))
		for i, l := range event.Devices {
			devices[i], accounts[i] = l.Device, l.Account
		}
		r.queue(`INSERT INTO renewal_devices (renewal, device, account, status, changed_at)
			SELECT $1, d.device, d.account, $4, $5 FROM unnest($2::uuid[], $3::uuid[]) d (device, account)
			ON CONFLICT DO NOTHING`, [16]byte(event.Order), devices, accounts, string(order.Ordered), e.Metadata.OccurredAt)
	case order.RenewalOrderApplied:
		uids := make([]uuid.UUID, len(event.Devices))
		for i, d := range event.Devices {
			uids[i] = d.Device
		}
		r.became(event.Order, order.Applied, e.Metadata.OccurredAt, uids...)
		r.applied(event.Order, e.Metadata.OccurredAt, uids...)
	case order.RenewalOrderDeclined:
		r.became(event.Order, order.Declined, e.Metadata.OccurredAt, event.Devices...)
	case order.RenewalOrderWithdrawn:
		r.became(event.Order, order.Withdrawn, e.Metadata.OccurredAt, event.Devices...)
	case order.RenewalOrderReversed:
		r.became(event.Order, order.Reversed, e.Metadata.OccurredAt, event.Devices...)
	}
	return e.Metadata.OccurredAt.UTC()
}

// device takes an event of a device, after it was folded.
func (r *renewals) device(e eventlog.Recorded, devices *fold[device.State]) {
	switch event := e.Event.(type) {
	case device.ServiceRenewed:
		if event.Automatic {
			return
		}
		row := renewal{uid: event.Renewal, account: e.Metadata.Actor.Account, term: event.Term, number: event.OrderNumber, note: event.Note}
		if row.term == "" {
			row.until = event.NewEnd
		}
		r.insert(row, e.Metadata)
		r.renewed(event.Renewal, event.Device, devices.state(event.Device).Account, e.Metadata.OccurredAt)
	case device.RenewalReversed:
		r.became(event.Renewal, order.Reversed, e.Metadata.OccurredAt, event.Device)
	case device.AllocationGranted:
		s := devices.state(event.Device)
		r.queue(`INSERT INTO allocations VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`,
			[16]byte(event.ID), [16]byte(event.Device), s.SerialNumber, [16]byte(s.Account), date(event.OldEnd), date(event.Allocation.Until),
			event.Parked, event.Reason, e.Metadata.OccurredAt, actor(e.Metadata.Actor))
	}
}

func (r *renewals) insert(row renewal, m eventlog.Metadata) {
	r.queue(`INSERT INTO renewals VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
		[16]byte(row.uid), orNull(row.account), row.term, date(row.until), row.align, string(row.offer), row.number, text.Key(row.number), row.note, m.OccurredAt, actor(m.Actor))
}

// became notes what became of an order for devices, and when. The device's own stream
// says it first, then the order's.
func (r *renewals) became(uid uuid.UUID, status order.Status, at time.Time, devices ...uuid.UUID) {
	if len(devices) == 1 { // a whole key: an order of a fleet has as many events as rows
		r.queue(`UPDATE renewal_devices SET status = $3, changed_at = $4 WHERE renewal = $1 AND device = $2 AND status <> $3`,
			[16]byte(uid), [16]byte(devices[0]), string(status), at)
		return
	}
	r.queue(`UPDATE renewal_devices SET status = $3, changed_at = $4 WHERE renewal = $1 AND device = ANY ($2::uuid[]) AND status <> $3`,
		[16]byte(uid), raw(devices), string(status), at)
}

// renewed notes that a device's service was renewed, with an order before it or without.
func (r *renewals) renewed(uid, device, account uuid.UUID, at time.Time) {
	r.queue(`INSERT INTO renewal_devices AS d (renewal, device, account, status, changed_at, applied_at) VALUES ($1, $2, $3, $4, $5, $5)
		ON CONFLICT (renewal, device) DO UPDATE SET status = excluded.status, applied_at = least(d.applied_at, excluded.applied_at),
			changed_at = CASE WHEN d.status = excluded.status THEN d.changed_at ELSE excluded.changed_at END`,
		[16]byte(uid), [16]byte(device), [16]byte(account), string(order.Applied), at)
}

// applied notes when devices were renewed: what their own streams say, which comes
// before the order's.
func (r *renewals) applied(uid uuid.UUID, at time.Time, devices ...uuid.UUID) {
	r.queue(`UPDATE renewal_devices SET applied_at = least(applied_at, $3) WHERE renewal = $1 AND device = ANY ($2::uuid[])`,
		[16]byte(uid), raw(devices), at)
}

func actor(a domain.Actor) []byte {
	data, _ := json.Marshal(a) // strings and a uid
	return data
}
