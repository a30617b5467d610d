package query

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/order"
)

// RenewalRow is a renewal order, or a renewal from before there were orders, as it
// is shown to somebody: counts and status are of the devices in the accounts of
// the query.
type RenewalRow struct {
	UID         uuid.UUID
	Account     uuid.UUID // that ordered; uuid.Nil: the operator
	Term        string    // one of this, Until and Align
	Until       calendar.Date
	Align       string          // a date or a kind of device.Alignment
	Offer       catalogue.Offer // to run on; empty: as before
	OrderNumber string
	Note        string
	OrderedAt   time.Time
	Actor       domain.Actor
	Status      order.Status
	Counts      map[order.Status]int
}

// RenewalQuery filters renewals. Accounts is the scope: nil means all, else those
// of which the devices are shown.
type RenewalQuery struct {
	Freshness
	Page
	Accounts     []uuid.UUID
	UID          uuid.UUID   // uuid.Nil: any
	Of           []uuid.UUID // accounts that ordered, or had one of the devices
	Devices      []uuid.UUID
	Statuses     []order.Status
	OrderNumbers []string
}

// AllocationRow is a service allocation that the operator has granted.
type AllocationRow struct {
	ID           uuid.UUID
	Device       uuid.UUID
	SerialNumber string
	Account      uuid.UUID // that had the device then
	OldEnd       calendar.Date
	Until        calendar.Date
	Parked       bool
	Reason       string
	GrantedAt    time.Time
	Actor        domain.Actor
}

// AllocationQuery filters grants. Accounts is the scope: nil means all.
type AllocationQuery struct {
	Freshness
	Page
	Accounts []uuid.UUID
	Devices  []uuid.UUID
}
