package fleet

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// transferRequests is one batch's work on the requests to transfer devices. The
// record of a transfer says what was asked for and refused; which devices were
// moved and taken back is in their own streams (see facts), since the record is
// written after them and its command may die in between.
type transferRequests struct{ statements }

func (*transferRequests) add(e eventlog.Recorded) error { return inStream(e, transferPrefix) }

func (r *transferRequests) fold(e eventlog.Recorded) time.Time {
	switch event := e.Event.(type) {
	case transfer.TransferRequested:
		r.queue(`INSERT INTO transfer_requests VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
			[16]byte(event.Transfer), orNull(event.Account), [16]byte(event.From), [16]byte(event.To), string(event.Offer), orNull(event.Plan),
			e.Metadata.Reason, e.Metadata.OccurredAt, actor(e.Metadata.Actor))
		devices := make([]*[16]byte, len(event.Devices))
		for i, d := range event.Devices {
			devices[i] = orNull(d.Device)
		}
		r.queue(`INSERT INTO transfer_devices (transfer, index, device)
			SELECT $1, $2 + d.nth - 1, d.device FROM unnest($3::uuid[]) WITH ORDINALITY d (device, nth) ON CONFLICT DO NOTHING`,
			[16]byte(event.Transfer), event.First, devices)
	case transfer.TransferCarriedOut:
		moved := make([]int, len(event.Devices))
		for i, d := range event.Devices {
			moved[i] = d.Index
		}
		r.became(event.Transfer, moved, make([]bool, len(moved)), false)
	case transfer.TransferRefused:
		refused, inSource := make([]int, len(event.Devices)), make([]bool, len(event.Devices))
		for i, d := range event.Devices {
			refused[i], inSource[i] = d.Index, d.InSource
		}
		r.became(event.Transfer, refused, inSource, true)
	}
	return e.Metadata.OccurredAt.UTC()
}

func (r *transferRequests) became(uid uuid.UUID, indexes []int, inSource []bool, refused bool) {
	r.queue(`UPDATE transfer_devices t SET refused = $4, in_source = d.in_source
		FROM unnest($2::int[], $3::boolean[]) d (index, in_source) WHERE t.transfer = $1 AND t.index = d.index`,
		[16]byte(uid), indexes, inSource, refused)
}

// transferPlans is one batch's work on plans. One that does not have all its
// devices is none; one that is begun anew forgets what it had.
type transferPlans struct{ statements }

func (*transferPlans) add(e eventlog.Recorded) error { return inStream(e, planPrefix) }

func (p *transferPlans) fold(e eventlog.Recorded) time.Time {
	switch event := e.Event.(type) {
	case transfer.TransferPlanned:
		p.queue(`DELETE FROM transfer_plans WHERE uid = $1`, [16]byte(event.Plan))
		p.queue(`INSERT INTO transfer_plans VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			[16]byte(event.Plan), orNull(event.Account), [16]byte(event.From), [16]byte(event.To), string(event.Offer),
			e.Metadata.Reason, e.Metadata.OccurredAt, event.Expires, event.Total)
	case transfer.DevicesPlanned:
		refused := 0
		for _, d := range event.Devices {
			if d.Resulting == nil {
				refused++
			}
		}
		p.queue(`UPDATE transfer_plans SET transferable = transferable + $2, refused = refused + $3, created_at = $4, reason = $5 WHERE uid = $1`,
			[16]byte(event.Plan), len(event.Devices)-refused, refused, e.Metadata.OccurredAt, e.Metadata.Reason)
	}
	return e.Metadata.OccurredAt.UTC()
}
