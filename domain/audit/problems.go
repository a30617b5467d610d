package audit

import "github.com/fleetledger/fleetledger/domain"

// The codes of refusals. They are part of the interface and never change.
const (
	CodeAccountsInvalid = "accounts_invalid"
	CodeExpiryInvalid   = "expiry_invalid"
	CodeGrantUnknown    = "audit_grant_unknown"
)

func problem(code, detail string) []domain.Problem {
	return []domain.Problem{{Code: code, Detail: detail}}
}

func refuse(code, detail string) error { return domain.Refuse(problem(code, detail)...) }
