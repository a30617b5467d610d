package devices

import (
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Change is a field with its values before and after an event, empty for none.
type Change struct {
	Field, Before, After string
}

// changes names what differs between two states.
func changes(before, after device.State, r device.Rules) []Change {
	var all []Change
	was := fields(before, r)
	for n, now := range fields(after, r) {
		if was[n].After != now.After {
			all = append(all, Change{Field: now.Field, Before: was[n].After, After: now.After})
		}
	}
	return all
}

// orderOf is what a renewal says about the order that it is from.
func orderOf(e domain.Event) []Change {
	renewed, ok := e.(device.ServiceRenewed)
	if !ok {
		return nil
	}
	var all []Change
	for _, c := range []Change{
		{Field: "term", After: renewed.Term}, {Field: "orderNumber", After: renewed.OrderNumber}, {Field: "note", After: renewed.Note},
	} {
		if c.After != "" {
			all = append(all, c)
		}
	}
	return all
}

// fields are a device's fields as text, under the names clients know.
func fields(s device.State, r device.Rules) []Change {
	if !s.Exists() {
		s = device.State{HeldBy: s.HeldBy}
	}
	dates := s.Dates(r)
	field := func(name, value string) Change { return Change{Field: name, After: value} }
	return []Change{
		field("serialNumber", s.SerialNumber),
		field(factorField(s.Factor), s.Factor.Value),
		field("model", s.Model),
		field("account", orEmpty(s.Account)),
		field("name", s.Name),
		field("labels", strings.Join(s.Labels, "|")),
		field("iccid", s.ICCID),
		field("lifeCycleState", string(s.LifeCycle)),
		field("offer", string(s.Service.Offer)),
		field("serviceStart", s.Service.Start.String()),
		field("serviceEnd", s.Service.End.String()),
		field("supportExpiry", dates.SupportExpiry.String()),
		field("warrantyEnd", dates.WarrantyEnd.String()),
		field("autoRenew", yes(s.AutoRenews())),
		field("parkedUntil", until(s.Parked)),
		field("heldBy", orEmpty(s.HeldBy)),
	}
}

func factorField(f device.Factor) string {
	if f.Kind == "" {
		return string(device.IMEI)
	}
	return string(f.Kind)
}

func orEmpty(uid uuid.UUID) string {
	if uid == uuid.Nil {
		return ""
	}
	return uid.String()
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func until(a *device.Allocation) string {
	if a == nil {
		return ""
	}
	return a.Until.String()
}
