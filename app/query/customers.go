package query

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/rights"
)

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
	Reseller  uuid.UUID
	Customers []uuid.UUID
	Search    string // words of name, uid or administrators, in any case, without regard to accents
	Statuses  []account.Status
	Today     calendar.Date
	Windows   Windows
	Now       time.Time // as in AccountQuery
}
