package app

import (
	"errors"

	"github.com/fleetledger/fleetledger/domain"
)

// Errors of use cases, beside those of the ports and *domain.Refusal.
var (

	// ErrPrecondition: the thing is not at the revision the caller expects.
	ErrPrecondition = errors.New("changed since it was read")
)

// Codes of refusals that only the use cases know. They are part of the
// interface and never change.
const (
	CodeAccountUnknown   = "account_unknown"
	CodeAccountRequired  = "account_required"
	CodeNotAReseller     = "not_a_reseller"
	CodeNotACustomer     = "not_a_customer"
	CodePartnerUnknown   = "partner_unknown"
	CodeTypeInvalid      = "type_invalid"
	CodeOfferInvalid     = "offer_invalid"
	CodeAccountNameTaken = "name_taken"
	CodeEmailTaken       = "email_taken"
	CodeDuplicate        = "duplicate_in_request"
	CodeBatchRefused     = "batch_refused"
	CodeBatchTooLarge    = "batch_too_large"
	CodeKindInvalid      = "kind_invalid"
	CodePlanExpired      = "plan_expired"
	CodePlanTooLarge     = "plan_too_large"
	CodeReversalTooLarge = "reversal_too_large"
	CodeOwnDevice        = "own_device"
	CodeReasonMissing    = "reason_missing"
	CodeReasonInvalid    = "reason_invalid"
	CodeOrderInvalid     = "order_number_invalid"
	CodeNoteInvalid      = "note_invalid"
)

var accountRequired = domain.Problem{Code: CodeAccountRequired, Detail: "Name the account to act for."}

// at points problems at a field of the request.
func at(pointer string, problems []domain.Problem) []domain.Problem {
	for i := range problems {
		problems[i].Pointer = pointer
	}
	return problems
}
