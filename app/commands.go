package app

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Command is what every command carries besides its own fields. ID is one per
// request; with an Idempotency-Key it follows from the key, so that a repeat
// after a crash has the same event ids and goes on where the first stopped.
type Command struct {
	ID          uuid.UUID
	Reason      string
	Traceparent string
}

// CreateAccount opens an account: a reseller or standard account by the
// operator, or (Type standard, through CreateCustomer) a customer by a reseller.
type CreateAccount struct {
	Command
	Name          string
	Type          account.Type
	Administrator struct{ Email, Name string }
	Offers        []catalogue.Offer // empty: all
}

// CreatedAccount answers CreateAccount.
type CreatedAccount struct {
	UID      uuid.UUID
	Position eventlog.Position
}

// Written answers a command on one thing: its new revision and where the log
// was then.
type Written struct {
	UID      uuid.UUID
	Revision eventlog.Revision
	Position eventlog.Position
}

// Registration is one device to register. Exactly one of IMEI, MAC and ESN.
// Account uuid.Nil is the account acted for.
type Registration struct {
	Ref, SerialNumber  string
	IMEI, MAC, ESN     string
	Model, Name        string
	Account            uuid.UUID
	Labels             []string
	Offer              catalogue.Offer
	ICCID, OrderNumber string
	Problems           []domain.Problem // found while reading the row; the item is refused with them
	Unreadable         bool             `json:",omitempty"` // nothing of the row is known but its problems
}

// RegisterDevices registers devices into any accounts.
type RegisterDevices struct {
	Command
	Items  []Registration
	DryRun bool
	Atomic bool
}

// TransferDevices moves devices, named by uid or serial number, between a
// reseller account and a partnered one. With a Plan it commits that plan, and
// From, To, Devices and Offer are the plan's.
type TransferDevices struct {
	Command
	Plan     uuid.UUID // uuid.Nil: none
	From, To uuid.UUID
	Devices  []string
	Offer    catalogue.Offer // empty: the default for the model in the target account
	DryRun   bool
	Atomic   bool
}

// ReverseTransfer takes a transfer back: of the named devices, or of all that it
// has moved. A reason is required.
type ReverseTransfer struct {
	Command
	Transfer uuid.UUID
	Devices  []string // nil: all
	DryRun   bool
	Atomic   bool
}

// RenewDevices applies a renewal order. Exactly one of Term, Until and Align.
type RenewDevices struct {
	Command
	Devices     []string
	Term        calendar.Term
	Until       calendar.Date
	Align       device.Alignment
	OrderNumber string
	Note        string
	DryRun      bool
	Atomic      bool
}

// ReverseRenewal takes a renewal order back, for all devices it was applied to
// or those named.
type ReverseRenewal struct {
	Command
	Renewal uuid.UUID
	Devices []string // empty: all, up to 1,000
	DryRun  bool
	Atomic  bool
}

// GrantAllocation lets a device run until a date. Exactly one of Term (from
// today) and Until.
type GrantAllocation struct {
	Command
	Device string
	Term   calendar.Term
	Until  calendar.Date
}

// EditDevice changes what is not nil. IfRevision nil: no expectation.
type EditDevice struct {
	Command
	Device     string // uid or serial number
	Name       *string
	Labels     *[]string
	IfRevision *eventlog.Revision
}

// DeviceCommand is suspend, resume or retire.
type DeviceCommand struct {
	Command
	Device     string // uid or serial number
	IfRevision *eventlog.Revision
}

// ItemResult is the answer to one item of a bulk command. Device is the state
// after it (for a dry run: as it would be), nil for a refused item and where the
// caller may not see the device.
type ItemResult struct {
	Index    int
	Ref      string
	Name     string // what the caller called the device: serial number or uid
	Outcome  domain.Outcome
	Problems []domain.Problem
	Device   *device.State
	Revision eventlog.Revision // of the device
}

// BulkResult is the answer to a bulk command, results in request order. ID
// names the transfer or renewal.
type BulkResult struct {
	ID       uuid.UUID
	Results  []ItemResult
	Position eventlog.Position // of the last event that the answer rests on, as far as the store tells
}

// Count says how many results have the outcome.
func (r BulkResult) Count(o domain.Outcome) int {
	n := 0
	for _, item := range r.Results {
		if item.Outcome == o {
			n++
		}
	}
	return n
}
