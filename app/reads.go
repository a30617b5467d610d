package app

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// The read side: what the read models answer. Implemented beside the
// projections that fill them. Rights are checked before, in the queries of this
// package; Scope says what the caller may see.

// Errors of the read side.
var (
	// ErrNotFound: not there, or not to be seen by this caller; the same answer for both.
	ErrNotFound = errors.New("not found")
	// ErrNotCaughtUp: the read model did not reach the wanted position in time.
	ErrNotCaughtUp = errors.New("read model has not reached the position yet")
	// ErrReadModelUnavailable: the database does not answer.
	ErrReadModelUnavailable = errors.New("the database does not answer")
	// ErrBadCursor: the cursor is not one of ours, or was made for another sort order.
	ErrBadCursor = errors.New("cursor does not fit this list")
)

// Freshness says which state of a read model is wanted. MinPosition waits
// until it was applied; AsOf, when not zero, asks for the state as recorded at
// that past instant.
type Freshness struct {
	MinPosition Position
	AsOf        time.Time
}

// Page says which part of a list is wanted. Sort keys are field names, with a
// leading minus for descending; the reader refuses unknown ones.
type Page struct {
	Limit  int // 1..1000
	Cursor string
	Sort   []string
}

// List is one page.
type List[T any] struct {
	Items      []T
	NextCursor string // empty: the last page
	Total      int
	Position   Position // how far the read model was
}

// Window is a renewal window: a span of whole UTC days from today, both ends
// inclusive.
type Window struct {
	Name    string
	Colour  string
	FromDay int
	ToDay   int
}

// Windows are the three renewal windows, disjoint and in order.
type Windows [3]Window

// DefaultWindows are 0-30 red, 31-60 amber, 61-90 green.
var DefaultWindows = Windows{
	{"red", "red", 0, 30},
	{"amber", "amber", 31, 60},
	{"green", "green", 61, 90},
}

// CustomerRow is a row of the Customers page.
type CustomerRow struct {
	UID            uuid.UUID
	Name           string
	Status         account.Status
	TotalSystems   int
	ActiveSystems  int
	InitialRenewal calendar.Date // first day, from today on, on which services end; zero: none
	RenewalSystems int           // how many end on it
	LastRenewal    calendar.Date // last day on which services end; zero: none
	Windows        [3]int        // devices whose services end within each window
	Expired        int
	AutoRenewing   int
	PartnerProfile rights.Profile
	LastLogin      time.Time
	Administrators []account.Person
}

// CustomerQuery asks for a reseller's customers. Today is the day windows
// count from.
type CustomerQuery struct {
	Freshness
	Page
	Reseller uuid.UUID
	Customer uuid.UUID // uuid.Nil: all
	Search   string    // part of name or uid, any case
	Status   account.Status
	Today    calendar.Date
	Windows  Windows
	Now      time.Time // as in AccountQuery
}

// DeviceRow is a device as the read model shows it.
type DeviceRow struct {
	State       device.State
	AccountName string
	Revision    Revision
}

// DeviceQuery filters devices. Accounts is the scope: nil means all (the
// operator), empty means none.
type DeviceQuery struct {
	Freshness
	Page
	Accounts       []uuid.UUID
	UID            uuid.UUID // one device, uuid.Nil: any
	SerialNumber   string
	LifeCycle      device.LifeCycle
	Model          string
	Offer          catalogue.Offer
	Label          string
	ServiceEndFrom calendar.Date
	ServiceEndTo   calendar.Date
	Expired        *bool
	// Due leaves only devices that count in renewal windows: not retired and
	// not renewing by themselves. Together with ServiceEndFrom and ServiceEndTo
	// the list has exactly the devices a window counted.
	Due bool
	// Applied leaves only devices to which a transfer, renewal, reversal or
	// grant with this id was applied.
	Applied uuid.UUID
	Search  string // part of name, serial number or factor, any case
	Today   calendar.Date
}

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
	Revision          Revision
}

// ExternalAccountRow is an external account of an account.
type ExternalAccountRow struct {
	account.ExternalAccount
	SecretSet   bool      // a closed account's secrets are forgotten
	SecretSince time.Time // when it was given
}

// AccountQuery filters accounts. Accounts is the scope, as in DeviceQuery.
type AccountQuery struct {
	Freshness
	Page
	Accounts []uuid.UUID
	Type     account.Type
	Status   account.Status
	Search   string
	Now      time.Time // a pending account whose invitation has run out by then is expired
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

// Reader answers from the read models.
type Reader interface {
	Customers(context.Context, CustomerQuery) (List[CustomerRow], error)
	Devices(context.Context, DeviceQuery) (List[DeviceRow], error)
	Accounts(context.Context, AccountQuery) (List[AccountRow], error)
	Users(context.Context, UserQuery) (List[UserRow], error)
	AuditGrants(context.Context, AuditGrantQuery) (List[AuditGrantRow], error)
	// Partnerships are those in which account takes part, on either side, all
	// on one page.
	Partnerships(ctx context.Context, f Freshness, account uuid.UUID) (List[PartnershipRow], error)
	// Due is what falls due by itself.
	Due(context.Context, DueQuery) ([]DueRow, error)
	// Security is what an account asks of its users; nothing of one that is not there.
	Security(ctx context.Context, account uuid.UUID) (account.Security, error)
}
