package people

import (
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/user"
)

// The codes of refusals. They are part of the interface and never change.
const (
	CodeSignInFailed    = "sign_in_failed"   // e-mail and password do not fit, whichever it is
	CodeIssuerRequired  = "issuer_required"  // the account lets nobody in by password
	CodeSessionRequired = "session_required" // needs somebody who has signed in; a token is not enough
	// CodeOperatorTokenRequired: a session of the operator begins with the token itself.
	CodeOperatorTokenRequired = "operator_token_required"
	// CodeAuditTokenRequired: a session of an auditor begins with the grant's token itself.
	CodeAuditTokenRequired  = "audit_token_required" //nolint:gosec // a code, no credential
	CodeChallengeUnknown    = "challenge_unknown"
	CodePasskeysUnavailable = "passkeys_unavailable"
	CodePasskeyTaken        = "passkey_taken"
	CodePasswordMissing     = "password_missing"
	CodeOwnFactors          = "own_second_factors"
	CodeRightNotHeld        = access.CodeRightNotHeld
	CodeViewName            = "view_name_invalid"
	CodeViewQuery           = "view_query_invalid"
	CodeTooManyViews        = "too_many_views"
	CodeTooManyCalendars    = "too_many_calendars"
	CodeLabelInvalid        = account.CodeLabelInvalid
	CodeExpiryInvalid       = audit.CodeExpiryInvalid
)

var (
	passwordMissing = domain.Problem{
		Pointer: "/password", Code: CodePasswordMissing, Detail: "Give the password: there is no passkey of yours here to sign in with alone.",
	}
	signInFailed = domain.Problem{
		Kind: domain.Unauthenticated, Code: CodeSignInFailed, Detail: "E-mail address and password do not fit.",
	}
	notIdentified = domain.Problem{
		Kind: domain.Unauthenticated, Code: CodeSignInFailed, Detail: "This identity does not open an account here.",
	}
	issuerRequired = domain.Problem{
		Kind: domain.Forbidden, Code: CodeIssuerRequired, Detail: "The account lets its users sign in through the OpenID Connect issuer only.",
	}
	operatorTokenRequired = domain.Problem{
		Kind: domain.Forbidden, Code: CodeOperatorTokenRequired, Detail: "Only the operator's own token begins a session of the operator.",
	}
	auditTokenRequired = domain.Problem{
		Kind: domain.Forbidden, Code: CodeAuditTokenRequired, Detail: "Only the token of an audit grant begins a session of its auditor.",
	}
	challengeUnknown = domain.Problem{
		Kind: domain.Unauthenticated, Code: CodeChallengeUnknown, Detail: "This sign-in was ended already, took too long, or was tried too often. Sign in again.",
	}
	factorWrong = domain.Problem{
		Kind: domain.Unauthenticated, Code: user.CodeFactorWrong, Detail: "This is not the second factor, or it was used already.",
	}
	notConfirmed = domain.Problem{
		Code: user.CodeFactorWrong, Detail: "This does not confirm the second factor.",
	}
	passkeyUnknown = domain.Problem{
		Kind: domain.Unauthenticated, Code: CodeSignInFailed, Detail: "This passkey does not open an account here.",
	}
	passkeysUnavailable = domain.Problem{
		Pointer: "/kind", Code: CodePasskeysUnavailable, Detail: "There are no passkeys here: the service has no public URL with a name that they could belong to.",
	}
	passkeyTaken = domain.Problem{
		Kind: domain.Conflict, Pointer: "/passkey", Code: CodePasskeyTaken, Detail: "This passkey is registered already.",
	}
	ownFactors = domain.Problem{
		Code: CodeOwnFactors, Detail: "One's own second factors are removed one by one, under Security.",
	}
	factorReused = domain.Problem{
		Code: command.CodeIdempotencyReuse, Detail: "The idempotency key was used for another second factor.",
	}
	sessionRequired = domain.Problem{
		Kind: domain.Forbidden, Code: CodeSessionRequired, Detail: "Only somebody who has signed in can do that, not a token.",
	}
)

// notActive is what stands against a change of a user who is not active.
func notActive(u user.State) domain.Problem {
	if u.Status == user.Deactivated {
		return domain.Problem{Code: account.CodeUserDeactivated, Detail: "The user is deactivated."}
	}
	return domain.Problem{Code: user.CodeUserPending, Detail: "The user has not accepted the invitation yet."}
}

// pointing is an error whose problems, if it is a refusal, point to one field of
// the request.
func pointing(pointer string, err error) error {
	if problems := domain.ProblemsOf(err); len(problems) > 0 {
		return domain.Refuse(domain.At(pointer, problems)...)
	}
	return err
}

func isRefusal(err error) bool { return len(domain.ProblemsOf(err)) > 0 }
