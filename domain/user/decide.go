package user

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"

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
)

// Most profiles that one user has.
const maxProfiles = 50

func problem(code, detail string) []domain.Problem {
	return []domain.Problem{{Code: code, Detail: detail}}
}

// NormaliseProfiles checks and orders the ids of profiles of an account, each once.
func NormaliseProfiles(ids []string, of account.State) ([]string, []domain.Problem) {
	if len(ids) > maxProfiles {
		return nil, problem(CodeProfileUnknown, "That are more profiles than there can be.")
	}
	kept := slices.Compact(slices.Sorted(slices.Values(ids)))
	for _, id := range kept {
		if !of.Profile(id).Exists() {
			return nil, problem(CodeProfileUnknown, "There is no such profile.")
		}
	}
	return kept, nil
}

// Invite brings a person into an account. The e-mail address is normalised and
// reserved before the decision is appended; the profiles are normalised.
type Invite struct {
	UID, Account  uuid.UUID
	Person        account.Person
	Profiles      []string
	Administrator bool
	Invitation    account.Invitation
}

// DecideInvite decides the invitation. A user who is there already is unchanged:
// the uid is the command's own.
func DecideInvite(s State, c Invite) ([]domain.Event, []domain.Problem) {
	switch {
	case s.Abandoned:
		return nil, problem(CodeInvitationAbandoned, "This invitation was given up half way; invite again.")
	case s.Status != "":
		return nil, nil
	case len(c.Profiles) == 0 && !c.Administrator:
		return nil, problem(CodeProfileMissing, "A user has one or more profiles, or is an administrator.")
	}
	return []domain.Event{UserInvited{
		User: c.UID, Account: c.Account, Person: c.Person, Profiles: c.Profiles,
		Administrator: c.Administrator, Invitation: c.Invitation,
	}}, nil
}

// DecideResend replaces the invitation of a user who has not used it yet. That
// the one before has run out is recorded first.
func DecideResend(s State, i account.Invitation, now time.Time) ([]domain.Event, []domain.Problem) {
	if s.Erased {
		return nil, erased()
	}
	if problems := invited(s); len(problems) > 0 {
		return nil, problems
	}
	if bytes.Equal(s.Invitation.TokenHash, i.TokenHash) {
		return nil, nil
	}
	return append(DecideLapse(s, now), UserInvitationSent{User: s.UID, Invitation: i}), nil
}

// DecideRevoke takes back an invitation that was not used yet.
func DecideRevoke(s State) ([]domain.Event, []domain.Problem) {
	if s.Status == Revoked {
		return nil, nil
	}
	if problems := invited(s); len(problems) > 0 {
		return nil, problems
	}
	return []domain.Event{UserInvitationRevoked{User: s.UID}}, nil
}

// DecideLapse records that the invitation has run out, once for each.
func DecideLapse(s State, now time.Time) []domain.Event {
	if s.StatusAt(now) != Expired || s.Lapsed == s.Invitation.Number {
		return nil
	}
	return []domain.Event{UserInvitationExpired{User: s.UID, Number: s.Invitation.Number}}
}

func erased() []domain.Problem {
	return problem(account.CodePersonErased, "The person was erased; nobody is left to invite.")
}

func invited(s State) []domain.Problem {
	switch s.Status {
	case "":
		return problem(account.CodeInvitationUnknown, "There is no such invitation.")
	case Pending:
		return nil
	case Revoked:
		return problem(CodeInvitationRevoked, "The invitation was revoked. Invite again.")
	}
	return problem(CodeUserActive, "The user has accepted the invitation already.")
}

// DecideActivate decides whether the holder of an invitation's token may join.
// A person without a name keeps the one invited.
func DecideActivate(s State, tokenHash []byte, name string, credential uuid.UUID, now time.Time) ([]domain.Event, []domain.Problem) {
	if !bytes.Equal(s.Invitation.TokenHash, tokenHash) || len(tokenHash) == 0 {
		return nil, problem(account.CodeInvitationUnknown, "There is no such invitation.")
	}
	if s.Erased {
		return nil, erased()
	}
	switch s.StatusAt(now) {
	case Pending:
	case Expired:
		return nil, problem(account.CodeInvitationExpired, "The invitation has run out. Ask for a new one.")
	default:
		return nil, invited(s)
	}
	person := s.Person
	if name != "" {
		person.Name = name
	}
	return []domain.Event{UserActivated{
		User: s.UID, Account: s.Account, Person: person, Administrator: s.Administrator, Credential: credential,
	}}, nil
}

// DecideJoin makes the first administrator of an account, who was invited with
// it, its first user.
func DecideJoin(s State, account uuid.UUID, person account.Person, credential uuid.UUID) ([]domain.Event, []domain.Problem) {
	if s.Status != "" {
		return nil, nil
	}
	return []domain.Event{UserActivated{
		User: person.ID, Account: account, Person: person, Administrator: true, Credential: credential,
	}}, nil
}

// DecideProfiles replaces the profiles, which are normalised. Only an
// administrator can do without any.
func DecideProfiles(s State, profiles []string, administrator bool) ([]domain.Event, []domain.Problem) {
	switch {
	case s.Status == "" || s.Status == Revoked:
		return nil, invited(s)
	case len(profiles) == 0 && !administrator:
		return nil, problem(CodeProfileMissing, "A user has one or more profiles, or is an administrator.")
	case slices.Equal(s.Profiles, profiles):
		return nil, nil
	}
	return []domain.Event{ProfilesAssigned{User: s.UID, Profiles: profiles}}, nil
}

// DecideAccess lets the user follow what the account says.
func DecideAccess(s State, withdrawn bool) []domain.Event {
	switch {
	case withdrawn && s.Status == Active:
		return []domain.Event{UserDeactivated{User: s.UID}}
	case !withdrawn && s.Status == Deactivated:
		return []domain.Event{UserReactivated{User: s.UID}}
	}
	return nil
}
