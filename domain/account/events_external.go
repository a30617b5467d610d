package account

import "github.com/google/uuid"

// What the account decides about its external accounts. Wire format, as in
// events.go. A secret is no event: events name the credential that holds it,
// another store has it.

// ExternalKind is what an external account is for.
type ExternalKind string

// The kinds of external accounts.
const (
	SubscriptionManagement ExternalKind = "subscription_management" // of a SIM operator: not for a reseller's account
	SMS                    ExternalKind = "sms"
)

// ExternalAccountAdded gives the account access to a service elsewhere.
type ExternalAccountAdded struct {
	Account         uuid.UUID    `json:"account"`
	ExternalAccount uuid.UUID    `json:"externalAccount"`
	Kind            ExternalKind `json:"kind"`
	Label           string       `json:"label"`
	Endpoint        string       `json:"endpoint"`
	Credential      uuid.UUID    `json:"credential"`
}

// ExternalAccountRelabelled gives it another label.
type ExternalAccountRelabelled struct {
	Account         uuid.UUID `json:"account"`
	ExternalAccount uuid.UUID `json:"externalAccount"`
	Label           string    `json:"label"`
}

// ExternalAccountEndpointChanged says that it is elsewhere now.
type ExternalAccountEndpointChanged struct {
	Account         uuid.UUID `json:"account"`
	ExternalAccount uuid.UUID `json:"externalAccount"`
	Endpoint        string    `json:"endpoint"`
}

// ExternalAccountSecretReplaced puts a credential in force. The one replaced
// is no longer of use and is dropped, if need be by a process that follows the log.
type ExternalAccountSecretReplaced struct {
	Account         uuid.UUID `json:"account"`
	ExternalAccount uuid.UUID `json:"externalAccount"`
	Credential      uuid.UUID `json:"credential"`
	Replaced        uuid.UUID `json:"replaced"`
}

// ExternalAccountRemoved ends the access. The credential is dropped likewise.
type ExternalAccountRemoved struct {
	Account         uuid.UUID `json:"account"`
	ExternalAccount uuid.UUID `json:"externalAccount"`
	Credential      uuid.UUID `json:"credential"`
}

func (ExternalAccountAdded) EventType() string           { return "ExternalAccountAdded" }
func (ExternalAccountRelabelled) EventType() string      { return "ExternalAccountRelabelled" }
func (ExternalAccountEndpointChanged) EventType() string { return "ExternalAccountEndpointChanged" }
func (ExternalAccountSecretReplaced) EventType() string  { return "ExternalAccountSecretReplaced" }
func (ExternalAccountRemoved) EventType() string         { return "ExternalAccountRemoved" }
