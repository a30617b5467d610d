package fleet

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/user"
)

// facts are what a batch says has happened and stays so: somebody signed in, a
// device was registered or transferred. Each is a row with its time in it, so that
// the past is a condition and its rows are few.
type facts struct {
	signIns       []fact
	registrations []registration
	transfers     []moved
	requests      requestFacts
}

type fact struct {
	account uuid.UUID
	at      time.Time
}

type registration struct {
	fact
	device   uuid.UUID
	revision eventlog.Revision
	partner  uuid.UUID // of whoever registered it
}

// moved is a transfer of a device or, with reversal, that it was taken back.
type moved struct {
	transfer, device, source, target uuid.UUID
	at                               time.Time
	reversal                         bool
}

// add takes an event and when it happened.
func (f *facts) add(e eventlog.Recorded, at time.Time) {
	f.requests.add(e)
	switch event := e.Event.(type) {
	case user.UserSignedIn:
		f.signIns = append(f.signIns, fact{event.Account, at})
	case device.Registered:
		f.registrations = append(f.registrations, registration{
			fact: fact{event.Account, at}, device: event.Device, revision: e.Revision, partner: e.Metadata.Actor.Account,
		})
	case device.Transferred:
		f.transfers = append(f.transfers, moved{transfer: event.Transfer, device: event.Device, source: event.From, target: event.To, at: at})
	case device.TransferReversed:
		f.transfers = append(f.transfers, moved{transfer: event.Transfer, device: event.Device, at: at, reversal: true})
	}
}

func (f *facts) write(b *pgx.Batch) {
	if len(f.signIns) > 0 {
		var accounts [][16]byte
		var times []time.Time
		for _, s := range f.signIns {
			accounts, times = append(accounts, s.account), append(times, s.at)
		}
		b.Queue(`INSERT INTO sign_ins SELECT * FROM unnest($1::uuid[], $2::timestamptz[]) ON CONFLICT DO NOTHING`, accounts, times)
	}
	if len(f.registrations) > 0 {
		var devices, accounts [][16]byte
		var partners []pgtype.UUID
		var revisions []int64
		var times []time.Time
		for _, r := range f.registrations {
			devices, revisions, times = append(devices, r.device), append(revisions, int64(r.revision)), append(times, r.at)
			accounts, partners = append(accounts, r.account), append(partners, pgtype.UUID{Bytes: r.partner, Valid: r.partner != uuid.Nil})
		}
		b.Queue(`INSERT INTO registrations SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::uuid[], $5::uuid[])`,
			devices, revisions, times, accounts, partners)
	}
	f.requests.write(b)
	for _, m := range f.transfers { // in their order: one may be taken back in the same batch
		if m.reversal {
			b.Queue(`UPDATE transfers SET reversed_at = $3 WHERE transfer = $1 AND device = $2`, [16]byte(m.transfer), [16]byte(m.device), m.at)
			continue
		}
		b.Queue(`INSERT INTO transfers (transfer, device, at, source, target) VALUES ($1, $2, $3, $4, $5)`,
			[16]byte(m.transfer), [16]byte(m.device), m.at, [16]byte(m.source), [16]byte(m.target))
	}
}
