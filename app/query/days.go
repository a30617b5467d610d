package query

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/calendar"
)

// ServiceDayQuery asks for the days from Today on to which services of devices end
// that are not retired, the soonest first. Accounts is the scope, as in DeviceQuery.
type ServiceDayQuery struct {
	Freshness
	Accounts []uuid.UUID
	Today    calendar.Date
	Days     int // at most so many, of all accounts together
	Named    int // at most so many of the devices of each
}

// ServiceDayRow is a day on which services of an account end.
type ServiceDayRow struct {
	Account     uuid.UUID
	AccountName string
	Day         calendar.Date
	Due         int // devices that somebody has to renew
	Automatic   int // devices that renew by themselves
	Named       []NamedDevice
	// Changed is when something about the day changed last: a device that came or
	// left, or the name of one. Changes is more each time.
	Changed time.Time
	Changes int
}

// NamedDevice is a device by its name.
type NamedDevice struct{ Name, SerialNumber string }
