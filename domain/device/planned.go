package device

import (
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

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

// ChangedSincePlan says that a transfer would not, or no longer, do what the
// plan says. The facts name both ends of service, where there are any.
func ChangedSincePlan(planned, now Resulting) domain.Problem {
	facts := map[string]string{}
	for name, d := range map[string]calendar.Date{
		"plannedServiceStart": planned.Service.Start, "plannedServiceEnd": planned.Service.End,
		"serviceStart": now.Service.Start, "serviceEnd": now.Service.End,
	} {
		if !d.IsZero() {
			facts[name] = d.String()
		}
	}
	return problem(CodeChangedSincePlan, "The decision or the resulting dates are no longer those of the plan.", facts, planAgain)
}
