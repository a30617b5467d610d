package user

import (
	"time"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// The codes of refusals. They are part of the interface and never change.
const (
	CodeProfileUnknown      = "profile_unknown"
	CodeProfileMissing      = "profile_missing"
	CodeInvitationRevoked   = "invitation_revoked"
	CodeInvitationAbandoned = "invitation_abandoned"
	CodeUserUnknown         = "user_unknown"
	CodeUserActive          = "user_active"
	CodeUserPending         = "user_pending"
	CodePasswordTooShort    = "password_too_short"
	CodePasswordTooLong     = "password_too_long"
	CodePasswordGuessable   = "password_guessable"
	CodePasswordWrong       = "password_wrong"
	CodeResetUnknown        = "password_reset_unknown"
	CodeResetExpired        = "password_reset_expired"
	CodeEmailChangeUnknown  = "email_change_unknown"
	CodeEmailChangeExpired  = "email_change_expired"
	CodeFactorName          = "factor_name_invalid"
	CodeFactorWrong         = "second_factor_wrong"
	CodeFactorMissing       = "second_factor_missing"
	CodeLastFactor          = "last_second_factor"
	CodeTooManyFactors      = "too_many_second_factors"
)

func problem(code, detail string) []domain.Problem {
	return []domain.Problem{{Code: code, Detail: detail}}
}

func refuse(code, detail string) error { return domain.Refuse(problem(code, detail)...) }

func profileMissing() []domain.Problem {
	return problem(CodeProfileMissing, "A user needs at least one profile, or to be an administrator.")
}

func erased() []domain.Problem {
	return problem(account.CodePersonErased, "The person was erased; nobody is left to invite.")
}

// invited is what stands against a change of an invitation.
func invited(s State) []domain.Problem {
	switch s.Status {
	case "":
		return problem(account.CodeInvitationUnknown, "There is no such invitation.")
	case Pending:
		return nil
	case Revoked:
		return problem(CodeInvitationRevoked, "The invitation was revoked. Invite the person again.")
	}
	return problem(CodeUserActive, "The user has already accepted the invitation.")
}

func emailChangeExpired(c EmailChange) domain.Problem {
	return domain.Problem{
		Code: CodeEmailChangeExpired, Detail: "The time to confirm the e-mail address is over. Ask for the change again.",
		Facts: map[string]string{"expired": c.Expires.UTC().Format(time.RFC3339)},
	}
}

func guessable() []domain.Problem {
	return problem(CodePasswordGuessable, "This password is easy to guess. Choose another one.")
}

func emailTaken() domain.Problem {
	p := account.EmailTaken()
	p.Pointer = "/email"
	return p
}
