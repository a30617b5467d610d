package order

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/codec"
	"github.com/fleetledger/fleetledger/domain/device"
)

// The types below are the wire format of the log, see package account. They
// hold domain.Problem as it is: its fields are wire format, too.

// Codec knows the events of renewal orders.
var Codec = codec.NewRegistry(
	codec.Of[RenewalOrdered](),
	codec.Of[RenewalOrderApproved](),
	codec.Of[RenewalOrderApplied](),
	codec.Of[RenewalOrderRefused](),
	codec.Of[RenewalOrderDeclined](),
	codec.Of[RenewalOrderWithdrawn](),
	codec.Of[RenewalOrderReversed](),
	codec.Of[RenewalOrderAbandoned](),
	codec.Of[RenewalOrderClaimAbandoned](),
)

// RenewalOrdered asks for a renewal of devices, by exactly one of a term, a date
// and an alignment, or for another offer alone.
type RenewalOrdered struct {
	Order       uuid.UUID       `json:"order"`
	Account     uuid.UUID       `json:"account,omitzero"` // that ordered; none: the operator
	Devices     []Line          `json:"devices"`
	Term        string          `json:"term,omitempty"`
	Until       calendar.Date   `json:"until,omitzero"`
	Align       Alignment       `json:"align,omitzero"`
	Offer       catalogue.Offer `json:"offer,omitempty"`
	OrderNumber string          `json:"orderNumber,omitempty"`
	Note        string          `json:"note,omitempty"`
}

// Line is one device of an order: the account that it was in, and what the
// preview said.
type Line struct {
	Device       uuid.UUID     `json:"device"`
	SerialNumber string        `json:"serialNumber"`
	Account      uuid.UUID     `json:"account"`
	OldEnd       calendar.Date `json:"oldEnd,omitzero"`
	NewEnd       calendar.Date `json:"newEnd,omitzero"`
}

// Alignment is device.Alignment as it was when the order was given: the day that
// was found among the devices then is the one that was ordered.
type Alignment struct {
	Kind      device.AlignmentKind `json:"kind"`
	Day       calendar.Date        `json:"day,omitzero"`
	AnchorDay int                  `json:"anchorDay,omitempty"`
}

// RenewalOrderApproved says that devices are to be renewed with the dates of the
// day On. Their own streams are next.
type RenewalOrderApproved struct {
	Order   uuid.UUID     `json:"order"`
	Devices []uuid.UUID   `json:"devices"`
	On      calendar.Date `json:"on"`
}

// RenewalOrderApplied follows the devices' ServiceRenewed.
type RenewalOrderApplied struct {
	Order   uuid.UUID `json:"order"`
	Devices []Renewed `json:"devices"`
}

// Renewed is a device that was renewed.
type Renewed struct {
	Device uuid.UUID     `json:"device"`
	OldEnd calendar.Date `json:"oldEnd,omitzero"`
	NewEnd calendar.Date `json:"newEnd,omitzero"`
}

// RenewalOrderRefused says which approved devices could not be renewed, and why.
// They wait on.
type RenewalOrderRefused struct {
	Order   uuid.UUID `json:"order"`
	Devices []Refusal `json:"devices"`
}

// Refusal is a device that could not be renewed.
type Refusal struct {
	Device   uuid.UUID        `json:"device"`
	Problems []domain.Problem `json:"problems"`
}

// RenewalOrderDeclined says that devices will not be renewed by this order.
type RenewalOrderDeclined struct {
	Order   uuid.UUID   `json:"order"`
	Devices []uuid.UUID `json:"devices"`
	Reason  string      `json:"reason"`
}

// RenewalOrderWithdrawn says that whoever ordered no longer wants devices to be
// renewed, or that its account was closed, or the one that had the devices.
type RenewalOrderWithdrawn struct {
	Order   uuid.UUID   `json:"order"`
	Devices []uuid.UUID `json:"devices"`
	Reason  string      `json:"reason,omitempty"`
}

// RenewalOrderReversed follows the devices' RenewalReversed.
type RenewalOrderReversed struct {
	Order    uuid.UUID   `json:"order"`
	Reversal uuid.UUID   `json:"reversal"`
	Devices  []uuid.UUID `json:"devices"`
	Reason   string      `json:"reason"`
}

// RenewalOrderAbandoned takes the place of RenewalOrdered when an order died half
// way, as account.AccountCreationAbandoned does.
type RenewalOrderAbandoned struct {
	Order uuid.UUID `json:"order"`
}

// RenewalOrderClaimAbandoned makes a late append of a command that died fail: what
// it had reserved can then be released (see package reservation).
type RenewalOrderClaimAbandoned struct {
	Order       uuid.UUID `json:"order"`
	Reservation string    `json:"reservation"` // stream
}

func (RenewalOrdered) EventType() string             { return "RenewalOrdered" }
func (RenewalOrderApproved) EventType() string       { return "RenewalOrderApproved" }
func (RenewalOrderApplied) EventType() string        { return "RenewalOrderApplied" }
func (RenewalOrderRefused) EventType() string        { return "RenewalOrderRefused" }
func (RenewalOrderDeclined) EventType() string       { return "RenewalOrderDeclined" }
func (RenewalOrderWithdrawn) EventType() string      { return "RenewalOrderWithdrawn" }
func (RenewalOrderReversed) EventType() string       { return "RenewalOrderReversed" }
func (RenewalOrderAbandoned) EventType() string      { return "RenewalOrderAbandoned" }
func (RenewalOrderClaimAbandoned) EventType() string { return "RenewalOrderClaimAbandoned" }
