package audit

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

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
func DecideGrant(s State, c Grant) ([]domain.Event, error) {
	switch {
	case s.UID != uuid.Nil:
		return nil, nil
	case !c.Expires.After(c.Now):
		return nil, refuse(CodeExpiryInvalid, "The end of a grant must lie in the future.")
	case c.Expires.After(c.Now.Add(c.Longest)):
		return nil, refuse(CodeExpiryInvalid, "The end of a grant must not lie after "+c.Now.Add(c.Longest).Format(time.DateOnly)+".")
	}
	return []domain.Event{AuditGranted{
		Grant: c.UID, Auditor: c.Auditor, Accounts: c.Accounts, Expires: c.Expires, TokenHash: c.TokenHash,
	}}, nil
}

// DecideRevoke decides to end a grant, also one that has run out. A revoked one
// is unchanged.
func DecideRevoke(s State) ([]domain.Event, error) {
	switch {
	case s.UID == uuid.Nil:
		return nil, refuse(CodeGrantUnknown, "There is no such grant.")
	case s.Revoked:
		return nil, nil
	}
	return []domain.Event{AuditGrantRevoked{Grant: s.UID}}, nil
}

// DecideErase decides to forget the auditor. An erased one is unchanged.
func DecideErase(s State) ([]domain.Event, error) {
	switch {
	case s.UID == uuid.Nil:
		return nil, refuse(CodeGrantUnknown, "There is no such grant.")
	case s.Erased:
		return nil, nil
	}
	return []domain.Event{AuditorErased{Grant: s.UID}}, nil
}
