package query

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// PartnershipRow is a partnership as the read model shows it, seen from one side.
type PartnershipRow struct {
	UID                uuid.UUID
	Reseller, Customer uuid.UUID
	Profile            rights.Profile // one of the customer's
	Until              time.Time      // when it ends by itself; zero: not at all
	PartnerName        string
	PartnerType        account.Type
	Administrators     []account.Person
}

// ActiveAt reports whether the partnership has not ended by itself by an instant.
func (p PartnershipRow) ActiveAt(at time.Time) bool { return p.Until.IsZero() || at.Before(p.Until) }
