package device

import (
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// Dates are the four dates that follow from a device's service. A zero date is
// none.
type Dates struct {
	GatewayEnd      calendar.Date // the service end
	SupportExpiry   calendar.Date // the service end of complete and premium
	WarrantyEnd     calendar.Date
	SubscriptionEnd calendar.Date // none: the platform has no SIMs
}

// Dates derives the dates. The warranty lasts Rules.WarrantyMonths from the
// first registration and follows the service end of complete and premium, up
// to Rules.WarrantyCap months.
func (s State) Dates(r Rules) Dates {
	if !s.Exists() {
		return Dates{}
	}
	d := Dates{GatewayEnd: s.Service.End}
	if s.supported() {
		d.SupportExpiry = s.Service.End
	}
	d.WarrantyEnd, _ = s.warranty(r)
	return d
}

// supported reports whether support and warranty go with the service.
func (s State) supported() bool {
	return s.Service.Offer == catalogue.Complete || s.Service.Offer == catalogue.Premium
}

// warrantyBy says what decides the end of a warranty.
type warrantyBy int

const (
	byRegistration warrantyBy = iota // the months from the first registration
	byService                        // the service end, which it follows
	byCap                            // as far as it follows that
)

// warranty is the end of the warranty, and what decides it.
func (s State) warranty(r Rules) (calendar.Date, warrantyBy) {
	months := func(n int) calendar.Date { return s.FirstRegistered.AddMonths(n, s.FirstRegistered.Day()) }
	end, latest := months(r.WarrantyMonths), months(r.WarrantyCap)
	switch {
	case !s.supported() || min(s.Service.End, latest) <= end:
		return end, byRegistration
	case s.Service.End <= latest:
		return s.Service.End, byService
	}
	return latest, byCap
}

// The service statuses.
const (
	ServiceActive  = "active"
	ServiceExpired = "expired"
)

// ServiceStatus is ServiceActive up to the last day of service, ServiceExpired
// after it, and empty for a device that is retired or was never registered.
func (s State) ServiceStatus(today calendar.Date) string {
	switch {
	case !s.Exists() || s.LifeCycle == OutOfService:
		return ""
	case s.Service.End < today:
		return ServiceExpired
	default:
		return ServiceActive
	}
}

// Resulting is what a transfer makes of a device's service: what a plan
// promises and a commit keeps. WarrantyEnd and SupportExpiry are as in Dates.
type Resulting struct {
	Service       Service       `json:"service"`
	WarrantyEnd   calendar.Date `json:"warrantyEnd"`
	SupportExpiry calendar.Date `json:"supportExpiry,omitzero"`
	ParkedUntil   calendar.Date `json:"parkedUntil,omitzero"` // what waits while a reseller holds the device
	Consumed      bool          `json:"consumed,omitempty"`   // the included term is used up
}

// Resulting gives it of the state after a transfer.
func (s State) Resulting(r Rules) Resulting {
	dates := s.Dates(r)
	after := Resulting{
		Service: s.Service, WarrantyEnd: dates.WarrantyEnd, SupportExpiry: dates.SupportExpiry, Consumed: s.Consumed,
	}
	if s.Parked != nil {
		after.ParkedUntil = s.Parked.Until
	}
	return after
}
