package query

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// ForecastQuery asks for what accounts have and when its services end: of the
// customers of a reseller and of other accounts. Today is the day windows count
// from.
type ForecastQuery struct {
	Freshness
	Reseller uuid.UUID   // whose customers count; uuid.Nil: nobody's
	Customer uuid.UUID   // only this one of them; uuid.Nil: all
	Accounts []uuid.UUID // that count besides; nil means all there are
	Own      uuid.UUID   // the one of Accounts that is no customer
	Today    calendar.Date
	Windows  Windows
	Now      time.Time // as in AccountQuery
}

// ForecastRow is the answer. Devices that are retired count nowhere; what the
// windows, Expired and the renewals mean is as in CustomerRow.
type ForecastRow struct {
	Accounts       int
	Customers      int
	TotalSystems   int
	ActiveSystems  int
	InitialRenewal calendar.Date
	RenewalSystems int
	LastRenewal    calendar.Date
	Windows        [3]int
	Expired        int
	AutoRenewing   int
	Ends           []EndCount // of services that somebody has to renew
	Free           []EndCount // of terms that renew by themselves
	Position       eventlog.Position
}

// EndCount is how many services end on a day.
type EndCount struct {
	Day       calendar.Date
	AnchorDay int       // of terms that renew by themselves
	Until     time.Time // when the partnership with their account ends by itself; zero: not at all
	Count     int
}

// ActiveAt reports whether their account is still a partner at an instant.
func (c EndCount) ActiveAt(at time.Time) bool { return c.Until.IsZero() || at.Before(c.Until) }
