package query

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// PartnershipRequestRow is a reseller's request for a partnership.
type PartnershipRequestRow struct {
	UID                        uuid.UUID // that of the partnership, too
	Reseller, Customer         uuid.UUID
	ResellerName, CustomerName string
	CustomerType               account.Type // empty: there is no such account
	State                      string       // a partnership.RequestStatus, or RequestAccepted
	Profile                    string       // proposed; empty: none
	Until                      time.Time    // proposed; zero: none
	Note, Reason               string
	RequestedAt, AnsweredAt    time.Time // the latter zero while it waits
}

// RequestAccepted is the state of a request by which the two became partners.
const RequestAccepted = "accepted"

// PartnershipRequestQuery filters requests. Accounts are those of which either side
// of a request has to be one; nil: any.
type PartnershipRequestQuery struct {
	Freshness
	Accounts []uuid.UUID
	UID      uuid.UUID // one, uuid.Nil: any
	State    string
}

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
