package account

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/rights"
)

// What administrators decide about the account's own profiles. Wire format, as
// in events.go.

// ProfileDefined gives the account a profile beside the shipped ones.
type ProfileDefined struct {
	Account uuid.UUID      `json:"account"`
	Profile uuid.UUID      `json:"profile"`
	Name    string         `json:"name"`
	Rights  []rights.Right `json:"rights"`
}

// ProfileRenamed gives a profile another name.
type ProfileRenamed struct {
	Account uuid.UUID `json:"account"`
	Profile uuid.UUID `json:"profile"`
	Name    string    `json:"name"`
}

// ProfileRightsAssigned replaces the rights of a profile, for everybody who has it.
type ProfileRightsAssigned struct {
	Account uuid.UUID      `json:"account"`
	Profile uuid.UUID      `json:"profile"`
	Rights  []rights.Right `json:"rights"`
}

// ProfileRemoved takes a profile away. Whoever has it gets no rights by it from
// then on.
type ProfileRemoved struct {
	Account uuid.UUID `json:"account"`
	Profile uuid.UUID `json:"profile"`
}

func (ProfileDefined) EventType() string        { return "ProfileDefined" }
func (ProfileRenamed) EventType() string        { return "ProfileRenamed" }
func (ProfileRightsAssigned) EventType() string { return "ProfileRightsAssigned" }
func (ProfileRemoved) EventType() string        { return "ProfileRemoved" }
