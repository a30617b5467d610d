package accounts

import (
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// Codes of refusals that only this package knows. They are part of the interface
// and never change.
const (
	CodeNotAReseller = "not_a_reseller"
	CodeTypeInvalid  = "type_invalid"
)

func notAReseller() domain.Problem {
	return domain.Problem{Code: CodeNotAReseller, Detail: "Only a reseller account has customers."}
}

func typeInvalid() domain.Problem {
	return domain.Problem{Code: CodeTypeInvalid, Pointer: "/type", Detail: "A type is reseller or standard."}
}

func externalKindInvalid() domain.Problem {
	return domain.Problem{Code: account.CodeExternalKind, Pointer: "/kind", Detail: "The kind is subscription_management or sms."}
}

func profileShipped() domain.Problem {
	return domain.Problem{Code: account.CodeProfileShipped, Detail: "A shipped profile stays as it is. Define one of your own."}
}
