// Package audit is the AuditGrant aggregate: the operator's permission for an
// auditor, a person from outside, to read everything of some accounts until a
// date. An auditor writes nothing, so nothing else ever names one as an actor.
package audit

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/wire"
)

// The types below are the wire format of the log; see package account.

// Wire knows the audit events.
var Wire = wire.NewRegistry(
	wire.Of[AuditGranted](),
	wire.Of[AuditGrantRevoked](),
	wire.Of[AuditorErased](),
)

// AuditGranted lets the auditor read the accounts until an instant. Only the
// SHA-256 of the auditor's token is recorded.
type AuditGranted struct {
	Grant     uuid.UUID      `json:"grant"`
	Auditor   account.Person `json:"auditor"`
	Accounts  []uuid.UUID    `json:"accounts"`
	Expires   time.Time      `json:"expires"`
	TokenHash []byte         `json:"tokenHash"`
}

// AuditGrantRevoked ends the grant before its time.
type AuditGrantRevoked struct {
	Grant uuid.UUID `json:"grant"`
}

// AuditorErased says that the auditor is to be forgotten, as
// account.PersonErased does. It ends the grant: nobody could tell any more
// whose it is.
type AuditorErased struct {
	Grant uuid.UUID `json:"grant"`
}

func (AuditGranted) EventType() string      { return "AuditGranted" }
func (AuditGrantRevoked) EventType() string { return "AuditGrantRevoked" }
func (AuditorErased) EventType() string     { return "AuditorErased" }

// Status is where a grant is.
type Status string

// The statuses. Expired follows from the clock.
const (
	Active  Status = "active"
	Revoked Status = "revoked"
	Expired Status = "expired"
)

// State is a grant folded from the events.
type State struct {
	UID       uuid.UUID // uuid.Nil: no such grant
	Auditor   account.Person
	Accounts  []uuid.UUID
	Expires   time.Time
	TokenHash []byte
	Revoked   bool
	Erased    bool // the auditor was erased
}

// StatusAt is the status with expiry taken into account.
func (s State) StatusAt(now time.Time) Status {
	switch {
	case s.Revoked || s.Erased:
		return Revoked
	case !now.Before(s.Expires):
		return Expired
	}
	return Active
}

// Evolve folds one event into the state.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case AuditGranted:
		s.UID, s.Auditor, s.Accounts, s.Expires, s.TokenHash = e.Grant, e.Auditor, e.Accounts, e.Expires, e.TokenHash
	case AuditGrantRevoked:
		s.Revoked = true
	case AuditorErased:
		s.Erased = true
		s.Auditor = s.Auditor.Erase()
	}
	return s
}

// The codes of refusals. They are part of the interface and never change.
const (
	CodeAccountsInvalid = "accounts_invalid"
	CodeExpiryInvalid   = "expiry_invalid"
	CodeGrantUnknown    = "audit_grant_unknown"
)

// MaxAccounts is how many accounts one grant can name.
const MaxAccounts = 100

// NormaliseAccounts orders the accounts of a grant, each once.
func NormaliseAccounts(accounts []uuid.UUID) ([]uuid.UUID, []domain.Problem) {
	kept := slices.Clone(accounts)
	slices.SortFunc(kept, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	kept = slices.Compact(kept)
	if len(kept) == 0 || len(kept) > MaxAccounts {
		return nil, problem(CodeAccountsInvalid, "A grant names from 1 to 100 accounts.")
	}
	return kept, nil
}

// Grant is a grant to be given. The auditor's e-mail address and the accounts
// are normalised, and the accounts are there. Longest is how far ahead it may
// expire.
type Grant struct {
	UID       uuid.UUID
	Auditor   account.Person
	Accounts  []uuid.UUID
	Expires   time.Time
	TokenHash []byte
	Now       time.Time
	Longest   time.Duration
}

// DecideGrant decides to give a grant. One that is there already is unchanged:
// the uid is the command's own.
func DecideGrant(s State, c Grant) ([]domain.Event, []domain.Problem) {
	switch {
	case s.UID != uuid.Nil:
		return nil, nil
	case !c.Expires.After(c.Now):
		return nil, problem(CodeExpiryInvalid, "A grant ends in the future.")
	case c.Expires.After(c.Now.Add(c.Longest)):
		return nil, problem(CodeExpiryInvalid, "A grant ends on "+c.Now.Add(c.Longest).Format(time.DateOnly)+" at the latest.")
	}
	return []domain.Event{AuditGranted{
		Grant: c.UID, Auditor: c.Auditor, Accounts: c.Accounts, Expires: c.Expires, TokenHash: c.TokenHash,
	}}, nil
}

// DecideRevoke decides to end a grant, also one that has run out. A revoked one
// is unchanged.
func DecideRevoke(s State) ([]domain.Event, []domain.Problem) {
	switch {
	case s.UID == uuid.Nil:
		return nil, problem(CodeGrantUnknown, "There is no such grant.")
	case s.Revoked:
		return nil, nil
	}
	return []domain.Event{AuditGrantRevoked{Grant: s.UID}}, nil
}

// DecideErase decides to forget the auditor. An erased one is unchanged.
func DecideErase(s State) ([]domain.Event, []domain.Problem) {
	switch {
	case s.UID == uuid.Nil:
		return nil, problem(CodeGrantUnknown, "There is no such grant.")
	case s.Erased:
		return nil, nil
	}
	return []domain.Event{AuditorErased{Grant: s.UID}}, nil
}

func problem(code, detail string) []domain.Problem {
	return []domain.Problem{{Code: code, Detail: detail}}
}
