package transfer

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/codec"
	"github.com/fleetledger/fleetledger/domain/device"
)

// The types below are the format of the log, see package account. They hold
// domain.Problem as it is: its fields belong to the format, too.

// Codec knows the events of transfers and plans.
var Codec = codec.NewRegistry(
	codec.Of[TransferRequested](),
	codec.Of[TransferCarriedOut](),
	codec.Of[TransferRefused](),
	codec.Of[ReversalRequested](),
	codec.Of[ReversalCarriedOut](),
	codec.Of[ReversalRefused](),
	codec.Of[TransferPlanned](codec.Same), // 1 had no day
	codec.Of[DevicesPlanned](),
)

// Named is a device as the request calls it; Device is uuid.Nil when no device
// can have that name.
type Named struct {
	Name   string    `json:"name"`
	Device uuid.UUID `json:"device,omitzero"`
}

// TransferRequested begins a transfer, or goes on with a long one: Devices are
// those with the index First and on.
type TransferRequested struct {
	Transfer uuid.UUID       `json:"transfer"`
	Account  uuid.UUID       `json:"account,omitzero"` // that asked for it; none: the operator
	From     uuid.UUID       `json:"from"`
	To       uuid.UUID       `json:"to"`
	Offer    catalogue.Offer `json:"offer,omitempty"`
	Plan     uuid.UUID       `json:"plan,omitzero"` // the plan that was committed
	Atomic   bool            `json:"atomic,omitempty"`
	Policy   device.Policy   `json:"policy"`
	First    int             `json:"first"`
	Devices  []Named         `json:"devices"`
}

// TransferCarriedOut says which devices were moved, and what to.
type TransferCarriedOut struct {
	Transfer uuid.UUID `json:"transfer"`
	Devices  []Moved   `json:"devices"`
}

// Moved is a device that was moved; Index is its place in the request.
type Moved struct {
	Index        int              `json:"index"`
	Device       uuid.UUID        `json:"device"`
	SerialNumber string           `json:"serialNumber"`
	Resulting    device.Resulting `json:"resulting"`
}

// TransferRefused says which devices were not moved, and why.
type TransferRefused struct {
	Transfer uuid.UUID `json:"transfer"`
	Devices  []Refusal `json:"devices"`
}

// Refusal is a device that was refused. InSource: the source account had it.
// SerialNumber is known then.
type Refusal struct {
	Index        int              `json:"index"`
	SerialNumber string           `json:"serialNumber,omitempty"`
	InSource     bool             `json:"inSource,omitempty"`
	Problems     []domain.Problem `json:"problems"`
}

// ReversalRequested begins the reversal of a transfer.
type ReversalRequested struct {
	Transfer uuid.UUID `json:"transfer"`
	Reversal uuid.UUID `json:"reversal"`
	Account  uuid.UUID `json:"account,omitzero"` // as in TransferRequested
	Devices  []Named   `json:"devices"`
}

// ReversalCarriedOut says which devices were taken back.
type ReversalCarriedOut struct {
	Transfer uuid.UUID   `json:"transfer"`
	Reversal uuid.UUID   `json:"reversal"`
	Devices  []uuid.UUID `json:"devices"`
}

// ReversalRefused says which devices were not taken back, and why. Index is
// that in the reversal's request.
type ReversalRefused struct {
	Transfer uuid.UUID `json:"transfer"`
	Reversal uuid.UUID `json:"reversal"`
	Devices  []Refusal `json:"devices"`
}

// TransferPlanned begins a plan for Total devices. A plan that is begun anew
// forgets what it had.
type TransferPlanned struct {
	Plan    uuid.UUID       `json:"plan"`
	Account uuid.UUID       `json:"account,omitzero"` // whose plan it is; none: the operator's
	From    uuid.UUID       `json:"from"`
	To      uuid.UUID       `json:"to"`
	Offer   catalogue.Offer `json:"offer,omitempty"`
	Policy  device.Policy   `json:"policy"`
	Expires time.Time       `json:"expires"`
	Day     calendar.Date   `json:"day,omitzero"` // the dates are as of it; none: the day of the event
	Total   int             `json:"total"`
}

// DevicesPlanned adds the next devices to a plan.
type DevicesPlanned struct {
	Plan    uuid.UUID `json:"plan"`
	Devices []Planned `json:"devices"`
}

// Planned is the verdict on one device: Problems when it would be refused, else
// Resulting. SerialNumber is known where the source account has the device.
type Planned struct {
	Named
	SerialNumber string            `json:"serialNumber,omitempty"`
	Problems     []domain.Problem  `json:"problems,omitempty"`
	Resulting    *device.Resulting `json:"resulting,omitempty"`
}

func (TransferRequested) EventType() string  { return "TransferRequested" }
func (TransferCarriedOut) EventType() string { return "TransferCarriedOut" }
func (TransferRefused) EventType() string    { return "TransferRefused" }
func (ReversalRequested) EventType() string  { return "ReversalRequested" }
func (ReversalCarriedOut) EventType() string { return "ReversalCarriedOut" }
func (ReversalRefused) EventType() string    { return "ReversalRefused" }
func (TransferPlanned) EventType() string    { return "TransferPlanned" }
func (DevicesPlanned) EventType() string     { return "DevicesPlanned" }
