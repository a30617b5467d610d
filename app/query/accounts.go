package query

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// AccountRow is an account as the read model shows it.
type AccountRow struct {
	UID               uuid.UUID
	Name              string
	Type              account.Type
	Status            account.Status
	Offers            []catalogue.Offer
	Administrators    []account.Person
	CreatedAt         time.Time
	InvitationExpires time.Time
	Billing           account.Billing
	ChannelContacts   []account.Person
	Security          account.Security
	Profiles          []rights.Profile // its own
	ExternalAccounts  []ExternalAccountRow
	Revision          eventlog.Revision
}

// ExternalAccountRow is an external account of an account.
type ExternalAccountRow struct {
	account.ExternalAccount
	SecretSet   bool      // a closed account's secrets are forgotten
	SecretSince time.Time // when it was given
}

// AccountQuery filters accounts. Accounts is the scope, as in DeviceQuery. Of what
// a filter has several of, each will do; none is no filter. So in all queries.
type AccountQuery struct {
	Freshness
	Page
	Accounts []uuid.UUID
	Types    []account.Type
	Statuses []account.Status
	Search   string
	Now      time.Time // a pending account whose invitation has run out by then is expired
}
