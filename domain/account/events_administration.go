package account

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// What administrators and the operator decide about an account. Wire format, as
// in events.go.

// BillingMode says who is billed for the account's services.
type BillingMode string

// The billing modes.
const (
	Prepaid BillingMode = "prepaid" // through the partner; what an account begins with
	Direct  BillingMode = "direct"
)

// AccountRenamed gives the account another name; the old one is free.
type AccountRenamed struct {
	Account uuid.UUID `json:"account"`
	Name    string    `json:"name"`
}

// AccountClaimAbandoned makes a late AccountRenamed of a command that died fail:
// what it had reserved can then be released (see package reservation).
type AccountClaimAbandoned struct {
	Account     uuid.UUID `json:"account"`
	Reservation string    `json:"reservation"` // stream
}

// OffersAssigned replaces what the account's devices may run on.
type OffersAssigned struct {
	Account uuid.UUID         `json:"account"`
	Offers  []catalogue.Offer `json:"offers"`
}

// BillingChanged says who is billed from now on. Contact is there for direct
// billing only, if at all.
type BillingChanged struct {
	Account uuid.UUID   `json:"account"`
	Mode    BillingMode `json:"mode"`
	Contact Person      `json:"contact,omitzero"`
}

// ChannelContactAssigned makes a vendor's sales person the reseller's contact.
type ChannelContactAssigned struct {
	Account uuid.UUID `json:"account"`
	Contact Person    `json:"contact"`
}

// ChannelContactRenamed gives a channel contact another name.
type ChannelContactRenamed struct {
	Account uuid.UUID `json:"account"`
	Contact Person    `json:"contact"`
}

// ChannelContactRemoved ends that.
type ChannelContactRemoved struct {
	Account uuid.UUID `json:"account"`
	Contact uuid.UUID `json:"contact"`
}

// SessionLifetimeSet says how long the sessions of the account's users last.
type SessionLifetimeSet struct {
	Account uuid.UUID `json:"account"`
	Minutes int       `json:"minutes"` // 0: as the platform has it
}

// SessionIdleTimeSet says after how long without use a session ends.
type SessionIdleTimeSet struct {
	Account uuid.UUID `json:"account"`
	Minutes int       `json:"minutes"` // 0: as the platform has it
}

// SecondFactorRequirementSet says whether the account's users need a second factor.
type SecondFactorRequirementSet struct {
	Account  uuid.UUID `json:"account"`
	Required bool      `json:"required"`
}

// IssuerRequirementSet says whether the account's users sign in through the OIDC
// issuer only.
type IssuerRequirementSet struct {
	Account  uuid.UUID `json:"account"`
	Required bool      `json:"required"`
}

// PasswordLengthSet says how many characters new passwords have at least.
type PasswordLengthSet struct {
	Account uuid.UUID `json:"account"`
	Minimum int       `json:"minimum"`
}

// AddressRangesSet says from which addresses the account may be used; none
// means from everywhere.
type AddressRangesSet struct {
	Account uuid.UUID `json:"account"`
	Ranges  []string  `json:"ranges"` // CIDR
}

func (AccountRenamed) EventType() string             { return "AccountRenamed" }
func (AccountClaimAbandoned) EventType() string      { return "AccountClaimAbandoned" }
func (OffersAssigned) EventType() string             { return "OffersAssigned" }
func (BillingChanged) EventType() string             { return "BillingChanged" }
func (ChannelContactAssigned) EventType() string     { return "ChannelContactAssigned" }
func (ChannelContactRenamed) EventType() string      { return "ChannelContactRenamed" }
func (SessionIdleTimeSet) EventType() string         { return "SessionIdleTimeSet" }
func (SecondFactorRequirementSet) EventType() string { return "SecondFactorRequirementSet" }
func (IssuerRequirementSet) EventType() string       { return "IssuerRequirementSet" }
func (ChannelContactRemoved) EventType() string      { return "ChannelContactRemoved" }
func (SessionLifetimeSet) EventType() string         { return "SessionLifetimeSet" }
func (PasswordLengthSet) EventType() string          { return "PasswordLengthSet" }
func (AddressRangesSet) EventType() string           { return "AddressRangesSet" }
