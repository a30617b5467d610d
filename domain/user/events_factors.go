package user

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
)

// Second factors: what a user proves itself with beside the password, or instead of it.
// Wire format, as in events.go. Their secrets are no events: another store has them,
// under the ids that are named here.

// FactorKind is what a second factor is.
type FactorKind string

// The kinds. Recovery codes are none: they stand in for a factor that was lost.
const (
	Passkey      FactorKind = "passkey"
	OneTimeCodes FactorKind = "totp"
)

// SecondFactorAdded puts a second factor in force. Sessions that began without one end.
// Named has the name that the user gave it, which is sealed as the user's own is.
type SecondFactorAdded struct {
	User   uuid.UUID      `json:"user"`
	Factor uuid.UUID      `json:"factor"`
	Kind   FactorKind     `json:"kind"`
	Named  account.Person `json:"named"`
}

// SecondFactorRemoved ends a second factor, and the sessions that began with it. With
// the last one the recovery codes end.
type SecondFactorRemoved struct {
	User   uuid.UUID      `json:"user"`
	Factor uuid.UUID      `json:"factor"`
	Kind   FactorKind     `json:"kind"`
	Named  account.Person `json:"named"`
}

// SecondFactorsReset ends all of a user's second factors, recovery codes and the
// sessions that began with any of them: the user has lost them.
type SecondFactorsReset struct {
	User uuid.UUID `json:"user"`
}

// RecoveryCodesReplaced puts a set of recovery codes in force in place of the one before.
type RecoveryCodesReplaced struct {
	User  uuid.UUID `json:"user"`
	Codes uuid.UUID `json:"codes"`
	Count int       `json:"count"`
}

// RecoveryCodeUsed says that a code of a set was used, and how many are left.
type RecoveryCodeUsed struct {
	User   uuid.UUID `json:"user"`
	Codes  uuid.UUID `json:"codes"`
	Number int       `json:"number"` // 0 is the first
	Left   int       `json:"left"`
}

func (SecondFactorAdded) EventType() string     { return "SecondFactorAdded" }
func (SecondFactorRemoved) EventType() string   { return "SecondFactorRemoved" }
func (SecondFactorsReset) EventType() string    { return "SecondFactorsReset" }
func (RecoveryCodesReplaced) EventType() string { return "RecoveryCodesReplaced" }
func (RecoveryCodeUsed) EventType() string      { return "RecoveryCodeUsed" }
