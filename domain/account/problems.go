package account

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/text"
)

// The codes of refusals. They are part of the interface and never change.
const (
	CodeNameInvalid       = "name_invalid"
	CodeNameTaken         = "name_taken" // of an account, and of a profile in it
	CodeEmailInvalid      = "email_invalid"
	CodeEmailTaken        = "email_taken"
	CodeNotFound          = "account_not_found"
	CodeAccountClosed     = "account_closed"
	CodeAlreadyActive     = "already_active"
	CodeInvitationUnknown = "invitation_unknown"
	CodeInvitationExpired = "invitation_expired"
	CodeCreationAbandoned = "creation_abandoned"
	CodePersonErased      = "person_erased"
	CodePersonNotFound    = "person_not_found"
	CodeLastAdministrator = "last_administrator"
	CodeUserDeactivated   = "user_deactivated"
)

// Codes of refusals about administration.
const (
	CodeBillingInvalid        = "billing_invalid"
	CodeBillingContact        = "billing_contact_not_allowed"
	CodeContactsOfResellers   = "not_a_reseller"
	CodeSessionLifetime       = "session_lifetime_invalid"
	CodePasswordLength        = "password_length_invalid"
	CodeAddressRangeInvalid   = "address_range_invalid"
	CodeAddressRangesShutting = "address_ranges_lock_out"
	CodeTooManyContacts       = "too_many_contacts"
)

// Codes of refusals about external accounts.
const (
	CodeExternalNotAllowed = "external_account_not_allowed"
	CodeExternalKind       = "kind_invalid"
	CodeTooManyExternal    = "too_many_external_accounts"
	CodeLabelInvalid       = "label_invalid"
	CodeLabelTaken         = "label_taken"
	CodeEndpointInvalid    = "endpoint_invalid"
	CodeSecretInvalid      = "secret_invalid"
	CodeSecretRequired     = "secret_required"
)

// Codes of refusals about profiles.
const (
	CodeProfileShipped     = "profile_shipped"
	CodeTooManyProfiles    = "too_many_profiles"
	CodeRightsMissing      = "rights_missing"
	CodeRightUnknown       = "right_unknown"
	CodeRightNotAssignable = "right_not_assignable"
)

func nameTaken() domain.Problem {
	return domain.Problem{Kind: domain.Conflict, Code: CodeNameTaken, Pointer: "/name", Detail: "Another account has this name."}
}

// EmailTaken says that an e-mail address is somebody's already. It points at no field.
func EmailTaken() domain.Problem {
	return domain.Problem{Kind: domain.Conflict, Code: CodeEmailTaken, Detail: "The e-mail address is in use on the platform."}
}

func administratorEmailTaken() domain.Problem {
	p := EmailTaken()
	p.Pointer = "/administrator/email"
	return p
}

func problem(code, detail string) []domain.Problem {
	return []domain.Problem{{Code: code, Detail: detail}}
}

func refuse(code, detail string) error { return domain.Refuse(problem(code, detail)...) }

func notFound() []domain.Problem { return problem(CodeNotFound, "There is no such account.") }

// open is what stands against any change of the account.
func open(s State) []domain.Problem {
	switch s.Status {
	case "":
		return notFound()
	case Closed:
		return problem(CodeAccountClosed, "The account is closed.")
	}
	return nil
}

func erased() []domain.Problem {
	return problem(CodePersonErased, "The administrator of the account was erased; nobody is left to invite.")
}

func lastAdministrator() []domain.Problem {
	return problem(CodeLastAdministrator, "This is the account's last administrator. Name another one first.")
}

func profileNameTaken() domain.Problem {
	return domain.Problem{
		Kind: domain.Conflict, Code: CodeNameTaken, Pointer: "/name",
		Detail: "Another profile of the account, or a shipped one, has this name.",
	}
}

// labelTaken is what stands against a label for an external account.
func (s State) labelTaken(label string, of uuid.UUID) []domain.Problem {
	for _, other := range s.ExternalAccounts {
		if other.UID != of && text.Key(other.Label) == text.Key(label) {
			return []domain.Problem{{
				Kind: domain.Conflict, Pointer: "/label", Code: CodeLabelTaken, Detail: "Another external account has this label.",
			}}
		}
	}
	return nil
}
