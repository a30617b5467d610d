package fleet

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/partnership"
)

var partnershipTable = table[partnership.State]{
	name:   "partnership_versions",
	prefix: partnershipPrefix,
	evolve: func(s partnership.State, e eventlog.Recorded) partnership.State {
		return partnership.Evolve(s, e.Event)
	},
	exists: func(s partnership.State) bool { return s.UID != uuid.Nil },
	row:    func(s partnership.State) any { return partnershipRowOf(s) },
	parse:  parse[partnershipRow, partnership.State],
	columns: func(s partnership.State) []field {
		until := pgtype.Timestamptz{Time: s.Until, InfinityModifier: pgtype.Finite, Valid: true}
		if s.Until.IsZero() {
			until = pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
		}
		return []field{
			{"reseller", [16]byte(s.Reseller)},
			{"customer", [16]byte(s.Customer)},
			{"profile", s.Profile},
			{"ended", s.Ended},
			{"until", until},
			{"warned", s.Warned},
		}
	},
}

// partnershipRow is partnership.State as it is stored, without the request (see
// requestFacts).
type partnershipRow struct {
	UID      uuid.UUID `json:"uid"`
	Reseller uuid.UUID `json:"reseller"`
	Customer uuid.UUID `json:"customer"`
	Profile  string    `json:"profile"`
	Ended    bool      `json:"ended,omitzero"`
	Until    time.Time `json:"until,omitzero"`
	Warned   int       `json:"warned,omitzero"`
}

func partnershipRowOf(s partnership.State) partnershipRow {
	return partnershipRow{
		UID: s.UID, Reseller: s.Reseller, Customer: s.Customer, Profile: s.Profile, Ended: s.Ended, Until: s.Until,
		Warned: s.Warned,
	}
}

func (r partnershipRow) state() partnership.State {
	return partnership.State{
		UID: r.UID, Reseller: r.Reseller, Customer: r.Customer, Profile: r.Profile, Ended: r.Ended, Until: r.Until,
		Warned: r.Warned,
	}
}
