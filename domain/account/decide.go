package account

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// Create opens an account. Name and the administrator's e-mail are normalised;
// both are reserved before the decision is appended. Reseller is the account
// that creates its customer, uuid.Nil when the operator creates.
type Create struct {
	UID           uuid.UUID
	Name          string
	Type          Type
	Administrator Person
	Offers        []catalogue.Offer
	Reseller      uuid.UUID
	Invitation    Invitation
}

// DecideCreate decides the creation. An account that is there already is
// unchanged: its uid is the command's own. There are events beside a refusal.
func DecideCreate(s State, c Create) ([]domain.Event, error) {
	switch {
	case s.Abandoned:
		return nil, refuse(CodeCreationAbandoned, "The creation of this account was given up before it was done. Create the account again.")
	case s.Exists():
		return nil, nil
	}
	return []domain.Event{AccountCreated{
		Account: c.UID, Name: c.Name, Type: c.Type, Administrator: c.Administrator,
		Offers: slices.Clone(c.Offers), Reseller: c.Reseller, Invitation: c.Invitation,
	}}, domain.Refuse(allServices(c.Type, c.Offers)...)
}

// DecideActivate decides whether the holder of an invitation's token may finish
// the account, or join it where another administrator has activated it before.
// From then on the token is used up.
func DecideActivate(s State, tokenHash []byte, administrator Person, credential uuid.UUID, now time.Time) ([]domain.Event, error) {
	switch {
	case !s.Exists() || len(tokenHash) == 0 || !bytes.Equal(s.Invitation.TokenHash, tokenHash):
		return nil, refuse(CodeInvitationUnknown, "There is no such invitation.")
	case s.Status == Closed:
		return nil, domain.Refuse(closed(s)...)
	case s.Joined:
		return nil, domain.Refuse(alreadyActive(s)...)
	case !now.Before(s.Invitation.Expires):
		return nil, domain.Refuse(invitationExpired(s.Invitation))
	case s.Administrator.IsErased():
		return nil, domain.Refuse(erased()...)
	case s.KeepsOut(s.Administrator.ID):
		return nil, domain.Refuse(userDeactivated())
	case s.Status == Activated:
		return []domain.Event{AdministratorJoined{Account: s.UID, Administrator: administrator, Credential: credential}}, nil
	}
	return []domain.Event{AccountActivated{Account: s.UID, Administrator: administrator, Credential: credential}}, nil
}

// DecideInvite replaces the invitation of an administrator who has not accepted
// it yet. That the one before has run out is recorded first.
func DecideInvite(s State, i Invitation, now time.Time) ([]domain.Event, error) {
	if problems := invitable(s); problems != nil {
		return nil, domain.Refuse(problems...)
	}
	if bytes.Equal(s.Invitation.TokenHash, i.TokenHash) {
		return nil, nil
	}
	return append(lapsed(s, now), InvitationSent{Account: s.UID, Invitation: i}), nil
}

// DecideCorrectEmail gives the administrator of an account that nobody has
// activated yet another e-mail address, which is normalised, with a new invitation.
func DecideCorrectEmail(s State, email string, i Invitation, now time.Time) ([]domain.Event, error) {
	problems := invitable(s)
	if problems == nil && s.Status == Activated {
		problems = alreadyActive(s)
	}
	if len(problems) > 0 || s.Administrator.Email == email {
		return nil, domain.Refuse(problems...)
	}
	administrator := s.Administrator
	administrator.Email = email
	return append(lapsed(s, now), AdministratorEmailCorrected{Account: s.UID, Administrator: administrator, Invitation: i}), nil
}

// DecideLapse records that the invitation has run out, once for each. It never
// refuses.
func DecideLapse(s State, now time.Time) ([]domain.Event, error) { return lapsed(s, now), nil }

func lapsed(s State, now time.Time) []domain.Event {
	if s.StatusAt(now) != Expired || s.Lapsed == s.Invitation.Number {
		return nil
	}
	return []domain.Event{InvitationExpired{Account: s.UID, Number: s.Invitation.Number}}
}

// DecideErase decides to forget a person named in the account, whatever the
// account's status. emailReservation is the stream that keeps the person's
// address taken.
func DecideErase(s State, person uuid.UUID, emailReservation string) ([]domain.Event, error) {
	switch {
	case !s.Exists():
		return nil, domain.Refuse(notFound()...)
	case !s.Names(person):
		return nil, refuse(CodePersonNotFound, "There is no such person in the account.")
	case !s.shows(person):
		return nil, nil
	case s.Administrator.ID != person:
		emailReservation = ""
	}
	return []domain.Event{PersonErased{Account: s.UID, Person: person, EmailReservation: emailReservation}}, nil
}
