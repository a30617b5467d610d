package order

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// recorded is how many devices one event tells about at most: each refusal tells
// its facts, and an event has to fit into the log.
const recorded = 250

// DecideApprove decides that devices, all that wait when none are named, are to be
// renewed with the dates of a day.
func DecideApprove(s State, devices []uuid.UUID, on calendar.Date) ([]domain.Event, error) {
	done := func(d Device) bool { return d.Status == Applied || d.Status == Ordered && !d.ApprovedOn.IsZero() }
	chosen, problems := s.choose(devices, Device.waits, done)
	if len(problems) > 0 || len(chosen) == 0 {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{RenewalOrderApproved{Order: s.UID, Devices: chosen, On: on}}, nil
}

// DecideRenew decides, for a device's own stream, what an order does to it: what
// device.DecideRenew gives on the day for which it was approved. A device that the
// order has renewed already is unchanged. One that is in another account than when
// it was ordered for is refused. c has what the order does not tell: the rules, and
// for another offer the device's model and the account that has it.
func DecideRenew(s State, d device.State, c device.Renew) ([]domain.Event, error) {
	of, known := s.Device(d.UID)
	switch {
	case !known:
		return nil, domain.Refuse(NotInOrder(d.UID))
	case slices.Contains(d.Applied, s.UID):
		return nil, nil
	case of.Status != Ordered || of.ApprovedOn.IsZero():
		return nil, domain.Refuse(notOpen(of))
	case d.Exists() && d.Account != of.Account:
		return nil, domain.Refuse(moved(of.Line))
	}
	c.ID, c.Today, c.OrderNumber, c.Note = s.UID, of.ApprovedOn, s.OrderNumber, s.Note
	c.Term, c.Until, c.Align, c.Offer = s.Term, s.Until, device.Alignment(s.Align), s.Offer
	return device.DecideRenew(d, c)
}

// DecideRecord records what became of approved devices. That a device was renewed
// is recorded whatever the order said, for its own stream says so; that it was
// refused only while it is approved. It never refuses.
func DecideRecord(s State, renewed []Renewed, refused []Refusal) ([]domain.Event, error) {
	renewed = slices.DeleteFunc(slices.Clone(renewed), func(r Renewed) bool {
		d, known := s.Device(r.Device)
		return !known || d.Status == Applied || d.Status == Reversed
	})
	refused = slices.DeleteFunc(slices.Clone(refused), func(r Refusal) bool {
		d, known := s.Device(r.Device)
		also := slices.ContainsFunc(renewed, func(other Renewed) bool { return other.Device == r.Device })
		return !known || also || d.Status != Ordered || d.ApprovedOn.IsZero()
	})
	var events []domain.Event
	for chunk := range slices.Chunk(renewed, recorded) {
		events = append(events, RenewalOrderApplied{Order: s.UID, Devices: chunk})
	}
	for chunk := range slices.Chunk(refused, recorded) {
		events = append(events, RenewalOrderRefused{Order: s.UID, Devices: chunk})
	}
	return events, nil
}

// Reversible are the devices that a reversal is about: those named, or all that
// were applied when none are. It needs a reason. Those that were reversed before
// are left out.
func Reversible(s State, devices []uuid.UUID, reason string) ([]uuid.UUID, error) {
	if !s.Exists() {
		return nil, domain.Refuse(NotFound())
	}
	var problems []domain.Problem
	if reason == "" {
		problems = append(problems, ReasonMissing())
	}
	chosen := s.which(func(d Device) bool { return d.Status == Applied })
	if len(devices) > 0 {
		for _, uid := range devices {
			if d, known := s.Device(uid); !known {
				problems = append(problems, NotInOrder(uid))
			} else if d.Status != Applied && d.Status != Reversed {
				problems = append(problems, notApplied(d))
			}
		}
		chosen = slices.DeleteFunc(chosen, func(uid uuid.UUID) bool { return !slices.Contains(devices, uid) })
	} else if len(chosen) == 0 && s.Status() != Reversed {
		problems = append(problems, notApplied(s.Devices[0]))
	}
	if len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	return chosen, nil
}

// DecideRecordReversal records that devices were taken back, which their own
// streams say. It never refuses.
func DecideRecordReversal(s State, reversal uuid.UUID, devices []uuid.UUID, reason string) ([]domain.Event, error) {
	back := slices.DeleteFunc(slices.Clone(devices), func(uid uuid.UUID) bool {
		d, known := s.Device(uid)
		return !known || d.Status == Reversed
	})
	if len(back) == 0 {
		return nil, nil
	}
	return []domain.Event{RenewalOrderReversed{Order: s.UID, Reversal: reversal, Devices: back, Reason: reason}}, nil
}
