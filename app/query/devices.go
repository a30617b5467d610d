package query

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// DeviceRow is a device as the read model shows it.
type DeviceRow struct {
	State       device.State
	AccountName string
	Revision    eventlog.Revision
}

// DeviceQuery filters devices. Accounts is the scope: nil means all (the
// operator), empty means none.
type DeviceQuery struct {
	Freshness
	Page
	Accounts       []uuid.UUID
	UID            uuid.UUID // one device, uuid.Nil: any
	SerialNumber   string
	LifeCycles     []device.LifeCycle
	Models         []string // in any case
	Offers         []catalogue.Offer
	Labels         []string
	ServiceEndFrom calendar.Date
	ServiceEndTo   calendar.Date
	Ends           []Window // days of the service end from Today
	Expired        *bool
	// SIMNotAllowed leaves only devices that carry an ICCID in a reseller's account,
	// or with false only others.
	SIMNotAllowed *bool
	// Due leaves only devices that count in renewal windows: not retired and
	// not renewing by themselves. Together with a window in Ends the list has
	// exactly the devices that it counted.
	Due bool
	// Automatic leaves only devices that are not retired and renew by themselves.
	Automatic bool
	// Applied leaves only devices to which a transfer, renewal, reversal or
	// grant with this id was applied.
	Applied uuid.UUID
	Search  string // words of name, serial number, factor, ICCID or uid, as in CustomerQuery
	Today   calendar.Date
	// FreeTerm is how many months a free term renews by, for a forecast: filters
	// and order are by the dates that devices have then. The rows are as they are
	// now.
	FreeTerm int
}
