package device

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/codec"
)

// The types below are the wire format of the log, see package account.

// Codec knows the device events.
var Codec = codec.NewRegistry(
	codec.Of[Registered](),
	codec.Of[Transferred](),
	codec.Of[TransferReversed](),
	codec.Of[OwnershipReleased](),
	codec.Of[ServiceRenewed](),
	codec.Of[RenewalReversed](),
	codec.Of[AllocationGranted](),
	codec.Of[Renamed](),
	codec.Of[Relabelled](),
	codec.Of[Suspended](),
	codec.Of[Resumed](),
	codec.Of[Retired](),
	codec.Of[Reinstated](),
	codec.Of[SIMAssigned](),
	codec.Of[SIMRemoved](),
	codec.Of[OfferChanged](),
	codec.Of[Held](),
	codec.Of[HoldReleased](),
	codec.Of[ClaimAbandoned](),
)

// FactorKind is the kind of a second identifying factor.
type FactorKind string

// The kinds of factors.
const (
	IMEI FactorKind = "imei"
	MAC  FactorKind = "mac"
	ESN  FactorKind = "esn"
)

// Factor identifies a device besides its serial number. Value is normalised.
type Factor struct {
	Kind  FactorKind `json:"kind"`
	Value string     `json:"value"`
}

// LifeCycle is the state of a device's life cycle. Expiry of services does not
// change it.
type LifeCycle string

// The life-cycle states.
const (
	Inventory    LifeCycle = "inventory"
	Active       LifeCycle = "active"
	InSuspension LifeCycle = "suspended"
	OutOfService LifeCycle = "retired"
)

// Service is the service term a device runs on. Start and End are UTC calendar
// dates, End the last day of service. AnchorDay (1..31) is the day of month
// that renewals aim at, so that a 31st comes back after a short month.
// AutoRenew: the term renews by itself at no cost (reseller accounts).
type Service struct {
	Offer     catalogue.Offer `json:"offer"`
	Source    Source          `json:"source"`
	Start     calendar.Date   `json:"start"`
	End       calendar.Date   `json:"end"`
	AnchorDay int             `json:"anchorDay"`
	AutoRenew bool            `json:"autoRenew,omitempty"`
}

// Source says where the right to run came from.
type Source string

// The sources.
const (
	SourceIncluded  Source = "included"  // came with the device
	SourcePurchased Source = "purchased" // a renewal order
	SourceGranted   Source = "granted"   // by the operator
	SourceFree      Source = "free"      // the free term of a reseller's device
)

// Allocation is the right of a device to run on its offer until a date.
// AnchorDay is as in Service.
type Allocation struct {
	Source    Source        `json:"source"`
	Until     calendar.Date `json:"until"` // last day, inclusive
	AnchorDay int           `json:"anchorDay"`
}

// Registered records a device's first registration, in Account.
type Registered struct {
	Device          uuid.UUID     `json:"device"`
	SerialNumber    string        `json:"serialNumber"`
	Factor          Factor        `json:"factor"`
	Model           string        `json:"model"`
	Account         uuid.UUID     `json:"account"`
	Name            string        `json:"name"`
	Labels          []string      `json:"labels,omitempty"`
	LifeCycle       LifeCycle     `json:"lifeCycle"`
	FirstRegistered calendar.Date `json:"firstRegistered"`
	Service         Service       `json:"service"`
	Included        Allocation    `json:"included"` // the included year, from the first registration anywhere
	ICCID           string        `json:"iccid,omitempty"`
	OrderNumber     string        `json:"orderNumber,omitempty"`
}

// Transferred moves the device to another account.
type Transferred struct {
	Device   uuid.UUID `json:"device"`
	Transfer uuid.UUID `json:"transfer"` // one id for all devices of a request
	From     uuid.UUID `json:"from"`
	To       uuid.UUID `json:"to"`
	Name     string    `json:"name"` // in the new account
	Service  Service   `json:"service"`
	// Parked is what the device has a right to and does not use while a
	// reseller holds it; one that has run out tells expired from missing.
	Parked *Allocation `json:"parked,omitempty"`
	// Consumed says that the included term was started anew by this transfer,
	// which happens once per device. By version 1 of the policy it did not say so
	// where something else lasted longer.
	Consumed bool   `json:"consumed,omitempty"`
	Policy   Policy `json:"policy"`
}

// TransferReversed takes a transfer back: the device returns from From to To,
// the account it came from, with the service and what it had a right to as they
// were before the transfer. It keeps its name and labels.
type TransferReversed struct {
	Device    uuid.UUID   `json:"device"`
	Transfer  uuid.UUID   `json:"transfer"` // the one taken back
	Reversal  uuid.UUID   `json:"reversal"` // one id for all devices of a request
	From      uuid.UUID   `json:"from"`
	To        uuid.UUID   `json:"to"`
	LifeCycle LifeCycle   `json:"lifeCycle"`
	Service   Service     `json:"service"`
	Parked    *Allocation `json:"parked,omitempty"`
	Consumed  bool        `json:"consumed,omitempty"`
}

// OwnershipReleased lets the account To register the device for itself, though
// it is in another account, on its request.
type OwnershipReleased struct {
	Device  uuid.UUID `json:"device"`
	Request uuid.UUID `json:"request"`
	To      uuid.UUID `json:"to"`
}

// Policy names the rule set and its version that allowed a transfer. Included
// is the switch it ran with, see Rules.IncludedTransfer.
type Policy struct {
	Name     string `json:"name"`
	Version  int    `json:"version"`
	Included string `json:"included,omitempty"`
}

// ServiceRenewed moves the end of service, or, while a reseller holds the
// device, the end of what is parked (Parked true).
type ServiceRenewed struct {
	Device      uuid.UUID     `json:"device"`
	Renewal     uuid.UUID     `json:"renewal"` // one id for all devices of an order; of an automatic one its own
	Term        string        `json:"term,omitempty"`
	OldEnd      calendar.Date `json:"oldEnd,omitzero"`
	NewEnd      calendar.Date `json:"newEnd"`
	AnchorDay   int           `json:"anchorDay"`
	Parked      bool          `json:"parked,omitempty"`
	OrderNumber string        `json:"orderNumber,omitempty"`
	Note        string        `json:"note,omitempty"`
	Automatic   bool          `json:"automatic,omitempty"`
}

// RenewalReversed takes a renewal order back: what it had extended ends as it
// did before. NewEnd is that end, none when nothing was parked before.
type RenewalReversed struct {
	Device   uuid.UUID     `json:"device"`
	Reversal uuid.UUID     `json:"reversal"` // one id for all devices of a request
	Renewal  uuid.UUID     `json:"renewal"`
	OldEnd   calendar.Date `json:"oldEnd,omitzero"`
	NewEnd   calendar.Date `json:"newEnd,omitzero"`
	Restored *Allocation   `json:"restored,omitempty"` // none: nothing was parked before
	Parked   bool          `json:"parked,omitempty"`
}

// AllocationGranted gives the device a service allocation by the operator. In a
// standard account the service goes on until then; in a reseller's account the
// allocation waits (Parked true).
type AllocationGranted struct {
	Device     uuid.UUID     `json:"device"`
	ID         uuid.UUID     `json:"id"`
	Allocation Allocation    `json:"allocation"`
	OldEnd     calendar.Date `json:"oldEnd,omitzero"`
	Parked     bool          `json:"parked,omitempty"`
	Reason     string        `json:"reason,omitempty"`
}

// Renamed gives the device a new name, unique in its account.
type Renamed struct {
	Device  uuid.UUID `json:"device"`
	OldName string    `json:"oldName"`
	NewName string    `json:"newName"`
}

// Relabelled replaces the labels.
type Relabelled struct {
	Device    uuid.UUID `json:"device"`
	OldLabels []string  `json:"oldLabels"`
	NewLabels []string  `json:"newLabels"`
}

// Suspended stops the device's use for a while.
type Suspended struct {
	Device uuid.UUID `json:"device"`
	Reason string    `json:"reason,omitempty"`
}

// Resumed ends a suspension.
type Resumed struct {
	Device uuid.UUID `json:"device"`
	Reason string    `json:"reason,omitempty"`
}

// Retired takes the device out of service, until it is reinstated or registered
// by another account.
type Retired struct {
	Device uuid.UUID `json:"device"`
	Reason string    `json:"reason,omitempty"`
}

// Reinstated takes a retired device back into service, in the account that
// retired it. It ends a release of the device.
type Reinstated struct {
	Device uuid.UUID `json:"device"`
	Name   string    `json:"name"` // from now on; the old one may have been given away
	Reason string    `json:"reason,omitempty"`
}

// SIMAssigned says which SIM the device has: its first, or another number than
// the one that was known.
type SIMAssigned struct {
	Device   uuid.UUID `json:"device"`
	OldICCID string    `json:"oldIccid,omitempty"`
	ICCID    string    `json:"iccid"`
}

// SIMRemoved says that the device has no SIM any more.
type SIMRemoved struct {
	Device uuid.UUID `json:"device"`
	ICCID  string    `json:"iccid"` // of the SIM that it had
}

// OfferChanged puts the device on another offer; its term stays. Renewal is the
// order that asked for it, or whose reversal takes it back; none: the platform
// owner did it at once.
type OfferChanged struct {
	Device   uuid.UUID       `json:"device"`
	OldOffer catalogue.Offer `json:"oldOffer"`
	NewOffer catalogue.Offer `json:"newOffer"`
	Renewal  uuid.UUID       `json:"renewal,omitzero"`
}

// Held keeps other commands off the device while an all-or-nothing batch is
// being carried out.
type Held struct {
	Device uuid.UUID `json:"device"`
	Batch  uuid.UUID `json:"batch"`
}

// HoldReleased ends a hold without a change.
type HoldReleased struct {
	Device uuid.UUID `json:"device"`
	Batch  uuid.UUID `json:"batch"`
}

// ClaimAbandoned fences the stream: a command that died half way had reserved
// something for this device, and a late append of it must find the stream
// moved on before the reservation is released (see package reservation).
type ClaimAbandoned struct {
	Device      uuid.UUID `json:"device"`
	Reservation string    `json:"reservation"` // stream name
}

func (Registered) EventType() string        { return "Registered" }
func (Transferred) EventType() string       { return "Transferred" }
func (TransferReversed) EventType() string  { return "TransferReversed" }
func (OwnershipReleased) EventType() string { return "OwnershipReleased" }
func (ServiceRenewed) EventType() string    { return "ServiceRenewed" }
func (RenewalReversed) EventType() string   { return "RenewalReversed" }
func (AllocationGranted) EventType() string { return "AllocationGranted" }
func (Renamed) EventType() string           { return "Renamed" }
func (Relabelled) EventType() string        { return "Relabelled" }
func (Suspended) EventType() string         { return "Suspended" }
func (Resumed) EventType() string           { return "Resumed" }
func (Retired) EventType() string           { return "Retired" }
func (Reinstated) EventType() string        { return "Reinstated" }
func (SIMAssigned) EventType() string       { return "SIMAssigned" }
func (SIMRemoved) EventType() string        { return "SIMRemoved" }
func (OfferChanged) EventType() string      { return "OfferChanged" }
func (Held) EventType() string              { return "Held" }
func (HoldReleased) EventType() string      { return "HoldReleased" }
func (ClaimAbandoned) EventType() string    { return "ClaimAbandoned" }

// space makes device uids. The uid follows from the serial number, so the
// device's own stream is the reservation of the serial.
var space = uuid.MustParse("0a5f2c8e-3f0e-5d0b-8b0c-6f3d9f5e2b11")

// UID names the device of a normalised serial number.
func UID(serialNumber string) uuid.UUID {
	return uuid.NewSHA1(space, []byte(serialNumber))
}
