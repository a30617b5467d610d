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
	// Automatic leaves only devices that are not retired and renew by themselves.
	Automatic bool
	// Applied leaves only devices to which a transfer, renewal, reversal or
	// grant with this id was applied.
	Applied uuid.UUID
	Search  string // part of name, serial number or factor, any case
	Today   calendar.Date
	// FreeTerm is how many months a free term renews by, for a forecast: filters
	// and order are by the dates that devices have then. The rows are as they are
	// now.
	FreeTerm int
}
