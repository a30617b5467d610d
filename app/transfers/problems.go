package transfers

import (
	"fmt"
	"slices"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
)

// Codes of refusals. They are part of the interface and never change.
const (
	CodePlanExpired      = "plan_expired"
	CodePlanTooLarge     = "plan_too_large"
	CodeReversalTooLarge = "reversal_too_large"
)

var (
	planTooLarge = domain.Problem{
		Code: CodePlanTooLarge, Detail: fmt.Sprintf("A plan has at most %d devices.", command.MaxAtomic),
	}
	planExpired = domain.Problem{
		Code: CodePlanExpired, Detail: "The plan can no longer be committed.",
		Remedies: []domain.Remedy{{Code: "plan_again", Detail: "Make a new plan; it says what would become of the devices now."}},
	}
	reversalTooLarge = domain.Problem{
		Code: CodeReversalTooLarge, Detail: fmt.Sprintf("A reversal has at most %d devices; name them.", command.MaxAtomic),
	}
	reasonMissing = domain.Problem{Code: command.CodeReasonMissing, Detail: "Give a reason."}
)

// refuseAt refuses one field of a request.
func refuseAt(pointer string, p domain.Problem) error {
	return domain.Refuse(domain.At(pointer, []domain.Problem{p})...)
}

// codesOf lists the codes in order.
func codesOf(problems []domain.Problem) []string {
	codes := make([]string, len(problems))
	for i, p := range problems {
		codes[i] = p.Code
	}
	slices.Sort(codes)
	return codes
}
