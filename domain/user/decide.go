package user

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

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
// the uid is the command's own. There are events beside a refusal.
func DecideInvite(s State, c Invite) ([]domain.Event, error) {
	switch {
	case s.Abandoned:
		return nil, refuse(CodeInvitationAbandoned, "This invitation was given up before it was done. Invite the person again.")
	case s.Status != "":
		return nil, nil
	}
	var err error
	if len(c.Profiles) == 0 && !c.Administrator {
		err = domain.Refuse(profileMissing()...)
	}
	return []domain.Event{UserInvited{
		User: c.UID, Account: c.Account, Person: c.Person, Profiles: c.Profiles,
		Administrator: c.Administrator, Invitation: c.Invitation,
	}}, err
}

// DecideResend replaces the invitation of a user who has not used it yet. If the
// one before has run out, that is recorded first.
func DecideResend(s State, i account.Invitation, now time.Time) ([]domain.Event, error) {
	if s.Erased {
		return nil, domain.Refuse(erased()...)
	}
	if problems := invited(s); len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	if bytes.Equal(s.Invitation.TokenHash, i.TokenHash) {
		return nil, nil
	}
	return append(lapsed(s, now), UserInvitationSent{User: s.UID, Invitation: i}), nil
}

// DecideRevoke takes back an invitation that was not used yet.
func DecideRevoke(s State) ([]domain.Event, error) {
	if s.Status == Revoked {
		return nil, nil
	}
	if problems := invited(s); len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{UserInvitationRevoked{User: s.UID}}, nil
}

// DecideLapse records that the invitation has run out, once for each. It never
// refuses.
func DecideLapse(s State, now time.Time) ([]domain.Event, error) { return lapsed(s, now), nil }

func lapsed(s State, now time.Time) []domain.Event {
	if s.StatusAt(now) != Expired || s.Lapsed == s.Invitation.Number {
		return nil
	}
	return []domain.Event{UserInvitationExpired{User: s.UID, Number: s.Invitation.Number}}
}

// DecideActivate decides whether the holder of an invitation's token may join.
// A person without a name keeps the one invited.
func DecideActivate(s State, tokenHash []byte, name string, credential uuid.UUID, now time.Time) ([]domain.Event, error) {
	if !bytes.Equal(s.Invitation.TokenHash, tokenHash) || len(tokenHash) == 0 {
		return nil, refuse(account.CodeInvitationUnknown, "There is no such invitation.")
	}
	if s.Erased {
		return nil, domain.Refuse(erased()...)
	}
	switch s.StatusAt(now) {
	case Pending:
	case Expired:
		return nil, refuse(account.CodeInvitationExpired, "The invitation has expired. Ask for a new one.")
	default:
		return nil, domain.Refuse(invited(s)...)
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
func DecideJoin(s State, account uuid.UUID, person account.Person, credential uuid.UUID) ([]domain.Event, error) {
	if s.Status != "" {
		return nil, nil
	}
	return []domain.Event{UserActivated{
		User: person.ID, Account: account, Person: person, Administrator: true, Credential: credential,
	}}, nil
}

// DecideProfiles replaces the profiles, which are normalised. Only an
// administrator can do without any.
func DecideProfiles(s State, profiles []string, administrator bool) ([]domain.Event, error) {
	switch {
	case s.Status == "" || s.Status == Revoked:
		return nil, domain.Refuse(invited(s)...)
	case len(profiles) == 0 && !administrator:
		return nil, domain.Refuse(profileMissing()...)
	case slices.Equal(s.Profiles, profiles):
		return nil, nil
	}
	return []domain.Event{ProfilesAssigned{User: s.UID, Profiles: profiles}}, nil
}

// DecideAccess lets the user follow what the account says. It never refuses.
func DecideAccess(s State, withdrawn bool) ([]domain.Event, error) {
	switch {
	case withdrawn && s.Status == Active:
		return []domain.Event{UserDeactivated{User: s.UID}}, nil
	case !withdrawn && s.Status == Deactivated:
		return []domain.Event{UserReactivated{User: s.UID}}, nil
	}
	return nil, nil
}

// DecideErase decides to forget the person, whatever the user's status. An
// erased user is unchanged. emailReservation is the stream of the reservation
// that the user has of the address, if any.
func DecideErase(s State, emailReservation string) ([]domain.Event, error) {
	if s.Status == "" {
		return nil, refuse(CodeUserUnknown, "There is no such user.")
	}
	if s.Erased {
		return nil, nil
	}
	wanted, _ := s.WantedKey() // its stream is empty when no address is to be confirmed
	return []domain.Event{UserErased{
		User: s.UID, Account: s.Account, EmailReservation: emailReservation, WantedReservation: wanted.Stream,
		EarlierReservations: s.Freed,
	}}, nil
}
