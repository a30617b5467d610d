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
// unchanged: its uid is the command's own.
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
	}}, nil
}

// DecideActivate decides whether the holder of an invitation's token may finish
// the account. Once it is active the token is used up.
func DecideActivate(s State, tokenHash []byte, administrator Person, credential uuid.UUID, now time.Time) ([]domain.Event, error) {
	if !s.Exists() || len(tokenHash) == 0 || !bytes.Equal(s.Invitation.TokenHash, tokenHash) {
		return nil, refuse(CodeInvitationUnknown, "There is no such invitation.")
	}
	switch s.StatusAt(now) {
	case Closed:
		return nil, refuse(CodeAccountClosed, "The account is closed.")
	case Expired:
		return nil, refuse(CodeInvitationExpired, "The invitation has expired. Ask for a new one.")
	case Activated:
		return nil, refuse(CodeAlreadyActive, "The account is already active.")
	}
	if s.Administrator.IsErased() {
		return nil, domain.Refuse(erased()...)
	}
	return []domain.Event{AccountActivated{Account: s.UID, Administrator: administrator, Credential: credential}}, nil
}

// DecideInvite replaces the invitation of an account that was not activated yet.
// That the one before has run out is recorded first.
func DecideInvite(s State, i Invitation, now time.Time) ([]domain.Event, error) {
	switch s.Status {
	case "":
		return nil, domain.Refuse(notFound()...)
	case Closed:
		return nil, refuse(CodeAccountClosed, "The account is closed.")
	case Activated:
		return nil, refuse(CodeAlreadyActive, "The account is already active.")
	}
	if s.Administrator.IsErased() {
		return nil, domain.Refuse(erased()...)
	}
	if bytes.Equal(s.Invitation.TokenHash, i.TokenHash) {
		return nil, nil
	}
	return append(lapsed(s, now), InvitationSent{Account: s.UID, Invitation: i}), nil
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

// DecideClose closes the account.
func DecideClose(s State, reason string) ([]domain.Event, error) {
	switch s.Status {
	case "":
		return nil, domain.Refuse(notFound()...)
	case Closed:
		return nil, nil
	}
	return []domain.Event{AccountClosed{Account: s.UID, Reason: reason}}, nil
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
