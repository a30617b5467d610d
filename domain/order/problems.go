package order

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// The codes of refusals. They are part of the interface and never change.
const (
	CodeNotFound       = "order_not_found"
	CodeNotOpen        = "order_not_open"
	CodeNotApplied     = "order_not_applied"
	CodeNotInOrder     = "device_not_in_order"
	CodeNotYours       = "order_not_yours"
	CodeNumberUsed     = "order_number_used"
	CodeReasonMissing  = "reason_missing"
	CodeTooManyDevices = "too_many_devices"
	CodeDuplicate      = "duplicate_in_request"
	CodeDeviceMoved    = "device_moved"
	CodeAbandoned      = "order_abandoned"
)

// What the caller can do about a problem.
var (
	otherNumber = domain.Remedy{Code: "choose_other_order_number", Detail: "Give the number of another purchase order."}
	orderAgain  = domain.Remedy{Code: "order_again", Detail: "Order the renewal again where the device is now."}
	splitOrder  = domain.Remedy{Code: "split_order", Detail: "Order for part of the devices at a time."}
	giveReason  = domain.Remedy{Code: "give_reason", Detail: "Say why; the other side is told."}
	reverse     = domain.Remedy{Code: "reverse_renewal", Detail: "Have the platform owner reverse the renewal."}
)

// NotFound says that there is no such order, or none that the caller sees.
func NotFound() domain.Problem {
	return domain.Problem{Kind: domain.Missing, Code: CodeNotFound, Detail: "There is no such renewal order."}
}

func abandoned() domain.Problem {
	return domain.Problem{Code: CodeAbandoned, Detail: "This order was given up before it was done. Order again."}
}

// NumberUsed says that an order number was used for a device before. The facts
// name the device.
func NumberUsed(number string, l Line) domain.Problem {
	return domain.Problem{
		Kind: domain.Conflict, Code: CodeNumberUsed,
		Detail: fmt.Sprintf("Order number %s was already used for device %s.", number, l.SerialNumber),
		Facts:  map[string]string{"orderNumber": number, "device": l.Device.String(), "serialNumber": l.SerialNumber}, Remedies: []domain.Remedy{otherNumber},
	}
}

// NotInOrder says that a device is not one that was ordered for.
func NotInOrder(uid uuid.UUID) domain.Problem {
	return domain.Problem{
		Code: CodeNotInOrder, Detail: "The device is not part of this order.", Facts: map[string]string{"device": uid.String()},
	}
}

func notOpen(d Device) domain.Problem {
	p := domain.Problem{
		Kind: domain.Conflict, Code: CodeNotOpen, Detail: fmt.Sprintf("The order for device %s is %s.", d.SerialNumber, d.Status),
		Facts: map[string]string{"device": d.Device.String(), "state": string(d.Status)},
	}
	switch d.Status {
	case Applied:
		p.Remedies = []domain.Remedy{reverse}
	case Ordered:
		p.Detail = fmt.Sprintf("The order for device %s is being applied.", d.SerialNumber)
	}
	return p
}

func noneOpen(s State) domain.Problem {
	return domain.Problem{
		Kind: domain.Conflict, Code: CodeNotOpen, Detail: fmt.Sprintf("No device of the order waits; the order is %s.", s.Status()),
		Facts: map[string]string{"state": string(s.Status())},
	}
}

func notApplied(d Device) domain.Problem {
	return domain.Problem{
		Kind: domain.Conflict, Code: CodeNotApplied,
		Detail: fmt.Sprintf("The order for device %s is %s; only what was applied can be reversed.", d.SerialNumber, d.Status),
		Facts:  map[string]string{"device": d.Device.String(), "state": string(d.Status)},
	}
}

func notYours() domain.Problem {
	return domain.Problem{Kind: domain.Forbidden, Code: CodeNotYours, Detail: "Only the account that ordered can withdraw the order."}
}

// ReasonMissing says that whoever decides on an order has to say why.
func ReasonMissing() domain.Problem {
	return domain.Problem{Code: CodeReasonMissing, Pointer: "/reason", Detail: "Give a reason.", Remedies: []domain.Remedy{giveReason}}
}

func tooMany(n int) domain.Problem {
	return domain.Problem{
		Code: CodeTooManyDevices, Pointer: "/devices", Detail: fmt.Sprintf("An order has at most %d devices, not %d.", MaxDevices, n),
		Remedies: []domain.Remedy{splitOrder},
	}
}

func duplicate(l Line) domain.Problem {
	return domain.Problem{
		Code: CodeDuplicate, Pointer: "/devices", Detail: fmt.Sprintf("Device %s is named more than once.", l.SerialNumber),
		Facts: map[string]string{"device": l.Device.String()},
	}
}

func moved(l Line) domain.Problem {
	return domain.Problem{
		Code: CodeDeviceMoved, Detail: fmt.Sprintf("Device %s has changed its account since it was ordered for.", l.SerialNumber),
		Facts: map[string]string{"device": l.Device.String()}, Remedies: []domain.Remedy{orderAgain},
	}
}

// byWhat is what stands against how far an order is to renew.
func byWhat(o Order) []domain.Problem {
	ways := 0
	for _, given := range []bool{o.Term != (calendar.Term{}), !o.Until.IsZero(), o.Align != (device.Alignment{})} {
		if given {
			ways++
		}
	}
	switch {
	case ways == 0 && o.Offer == "":
		return domain.At("/term", device.TermMissing())
	case o.Align.NeedsSelection():
		return []domain.Problem{{
			Code: device.CodeNothingToAlign, Pointer: "/alignTo", Detail: "None of the selected devices has a service that ends today or later.",
		}}
	case ways > 1:
		return domain.At("/term", device.TermAmbiguous())
	}
	return nil
}
