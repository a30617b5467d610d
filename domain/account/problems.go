package account

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/rights"
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
	CodeConfirmRequired   = "confirm_required"
)

// Codes of refusals about administration.
const (
	CodeBillingInvalid        = "billing_invalid"
	CodeBillingContact        = "billing_contact_not_allowed"
	CodeContactsOfResellers   = "not_a_reseller"
	CodeOffersOfResellers     = "reseller_has_all_offers"
	CodeSessionLifetime       = "session_lifetime_invalid"
	CodeSessionIdleTime       = "session_idle_time_invalid"
	CodeIssuerMissing         = "issuer_missing"
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

func nameTaken(name string) domain.Problem {
	return domain.Problem{
		Kind: domain.Conflict, Code: CodeNameTaken, Pointer: "/name", Detail: fmt.Sprintf("Another account is named %s.", name),
		Facts: map[string]string{"name": name}, Remedies: []domain.Remedy{{Code: "choose_other_name", Detail: "Give the account another name."}},
	}
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
		return closed(s)
	}
	return nil
}

func closed(s State) []domain.Problem {
	return problem(CodeAccountClosed, fmt.Sprintf("The account %s is closed.", s.Name))
}

func erased() []domain.Problem {
	return problem(CodePersonErased, "The administrator of the account was erased; nobody is left to invite.")
}

func alreadyActive(s State) []domain.Problem {
	return problem(CodeAlreadyActive, fmt.Sprintf("The account %s is already active.", s.Name))
}

func userDeactivated() domain.Problem {
	return domain.Problem{Code: CodeUserDeactivated, Detail: "The user is deactivated."}
}

func invitationExpired(i Invitation) domain.Problem {
	at := i.Expires.UTC().Format(time.RFC3339)
	return domain.Problem{
		Code: CodeInvitationExpired, Detail: "The invitation has expired. Ask for a new one.", Facts: map[string]string{"expired": at},
	}
}

// invitable is what stands against inviting the administrator whom the account was
// created with.
func invitable(s State) []domain.Problem {
	switch {
	case open(s) != nil:
		return open(s)
	case s.Joined:
		return alreadyActive(s)
	case s.Administrator.IsErased():
		return erased()
	case s.KeepsOut(s.Administrator.ID):
		return []domain.Problem{userDeactivated()}
	}
	return nil
}

// confirmRequired tells what an account holds that is about to be closed.
func confirmRequired(s State, h Holdings) domain.Problem {
	return domain.Problem{
		Kind: domain.Conflict, Code: CodeConfirmRequired, Pointer: "/confirm",
		Detail: fmt.Sprintf("%s has %d active devices, which stay as they are. Confirm to close it.", s.Name, h.ActiveDevices),
		Facts: map[string]string{
			"devices": strconv.Itoa(h.Devices), "activeDevices": strconv.Itoa(h.ActiveDevices), "users": strconv.Itoa(h.Users),
			"partnerships": strconv.Itoa(h.Partnerships), "open": strconv.Itoa(h.Open()),
			"orders": strconv.Itoa(h.Orders), "releaseRequests": strconv.Itoa(h.Releases), "operations": strconv.Itoa(h.Operations),
		},
		Remedies: []domain.Remedy{{Code: "confirm", Detail: "Send the request again with confirm."}},
	}
}

// allServices is what stands against offers of an account of a type: a reseller's
// has all.
func allServices(of Type, offers []catalogue.Offer) []domain.Problem {
	if of != Reseller {
		return nil
	}
	for _, o := range catalogue.Offers {
		if !slices.Contains(offers, o) {
			return []domain.Problem{{
				Code: CodeOffersOfResellers, Pointer: "/offers", Detail: fmt.Sprintf("A reseller account has all offers; %s is missing.", o),
				Facts: map[string]string{"offer": string(o)},
			}}
		}
	}
	return nil
}

// pointed is a problem of one field of the request.
func pointed(pointer, code, detail string) domain.Problem {
	return domain.Problem{Pointer: pointer, Code: code, Detail: detail}
}

func lastAdministrator() []domain.Problem {
	return problem(CodeLastAdministrator, "This is the account's last administrator. Name another one first.")
}

func profileNameTaken(other rights.Profile) domain.Problem {
	return domain.Problem{
		Kind: domain.Conflict, Code: CodeNameTaken, Pointer: "/name", Detail: fmt.Sprintf("The account has a profile %s already.", other.Name),
		Facts: map[string]string{"profile": other.ID},
	}
}

// labelTaken is what stands against a label for an external account.
func (s State) labelTaken(label string, of uuid.UUID) []domain.Problem {
	for _, other := range s.ExternalAccounts {
		if other.UID != of && text.Key(other.Label) == text.Key(label) {
			return []domain.Problem{{
				Kind: domain.Conflict, Pointer: "/label", Code: CodeLabelTaken,
				Detail: fmt.Sprintf("The account has an external account %s already.", other.Label),
			}}
		}
	}
	return nil
}
