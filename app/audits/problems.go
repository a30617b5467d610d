package audits

import (
	"fmt"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
)

// CodeAccountUnknown is the code of a refusal that only this package knows. It is
// part of the interface and never changes.
const CodeAccountUnknown = "account_unknown"

// accountUnknown is about account number i of the request.
func accountUnknown(i int) domain.Problem {
	return domain.Problem{
		Code: CodeAccountUnknown, Pointer: fmt.Sprintf("/accounts/%d", i), Detail: "There is no account with this UID.",
	}
}

func keyReused() domain.Problem {
	return domain.Problem{Code: command.CodeIdempotencyReuse, Detail: "The idempotency key was used for another grant."}
}
