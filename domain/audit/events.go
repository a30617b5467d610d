package audit

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/codec"
)

// The types below are the format of the log; see package account.

// Codec knows the audit events.
var Codec = codec.NewRegistry(
	codec.Of[AuditGranted](),
	codec.Of[AuditGrantRevoked](),
	codec.Of[AuditorErased](),
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
// account.PersonErased does. It ends the grant: nobody could tell any longer
// whose it is.
type AuditorErased struct {
	Grant uuid.UUID `json:"grant"`
}

func (AuditGranted) EventType() string      { return "AuditGranted" }
func (AuditGrantRevoked) EventType() string { return "AuditGrantRevoked" }
func (AuditorErased) EventType() string     { return "AuditorErased" }
