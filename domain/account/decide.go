package account

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// The codes of refusals. They are part of the interface and never change.
const (
	CodeNameInvalid       = "name_invalid"
	CodeEmailInvalid      = "email_invalid"
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

func notFound() []domain.Problem { return problem(CodeNotFound, "There is no such account.") }

func erased() []domain.Problem {
	return problem(CodePersonErased, "The administrator of the account was erased; nobody is left to invite.")
}

func problem(code, detail string) []domain.Problem {
	return []domain.Problem{{Code: code, Detail: detail}}
}

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
func DecideCreate(s State, c Create) ([]domain.Event, []domain.Problem) {
	switch {
	case s.Abandoned:
		return nil, problem(CodeCreationAbandoned, "This creation was given up half way; create the account again.")
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
func DecideActivate(s State, tokenHash []byte, administrator Person, credential uuid.UUID, now time.Time) ([]domain.Event, []domain.Problem) {
	if !s.Exists() || len(tokenHash) == 0 || !bytes.Equal(s.Invitation.TokenHash, tokenHash) {
		return nil, problem(CodeInvitationUnknown, "There is no such invitation.")
	}
	switch s.StatusAt(now) {
	case Closed:
		return nil, problem(CodeAccountClosed, "The account is closed.")
	case Expired:
		return nil, problem(CodeInvitationExpired, "The invitation has run out. Ask for a new one.")
	case Activated:
		return nil, problem(CodeAlreadyActive, "The account is active already.")
	}
	if s.Administrator.IsErased() {
		return nil, erased()
	}
	return []domain.Event{AccountActivated{Account: s.UID, Administrator: administrator, Credential: credential}}, nil
}

// DecideInvite replaces the invitation of an account that was not activated yet.
// That the one before has run out is recorded first.
func DecideInvite(s State, i Invitation, now time.Time) ([]domain.Event, []domain.Problem) {
	switch s.Status {
	case "":
		return nil, notFound()
	case Closed:
		return nil, problem(CodeAccountClosed, "The account is closed.")
	case Activated:
		return nil, problem(CodeAlreadyActive, "The account is active already.")
	}
	if s.Administrator.IsErased() {
		return nil, erased()
	}
	if bytes.Equal(s.Invitation.TokenHash, i.TokenHash) {
		return nil, nil
	}
	return append(DecideLapse(s, now), InvitationSent{Account: s.UID, Invitation: i}), nil
}

// DecideLapse records that the invitation has run out, once for each.
func DecideLapse(s State, now time.Time) []domain.Event {
	if s.StatusAt(now) != Expired || s.Lapsed == s.Invitation.Number {
		return nil
	}
	return []domain.Event{InvitationExpired{Account: s.UID, Number: s.Invitation.Number}}
}

// DecideClose closes the account.
func DecideClose(s State, reason string) ([]domain.Event, []domain.Problem) {
	switch s.Status {
	case "":
		return nil, notFound()
	case Closed:
		return nil, nil
	}
	return []domain.Event{AccountClosed{Account: s.UID, Reason: reason}}, nil
}

// DecideErase decides to forget a person named in the account, whatever the
// account's status. emailReservation is the stream that keeps the person's
// address taken.
func DecideErase(s State, person uuid.UUID, emailReservation string) ([]domain.Event, []domain.Problem) {
	switch {
	case !s.Exists():
		return nil, notFound()
	case !s.Names(person):
		return nil, problem(CodePersonNotFound, "There is no such person in the account.")
	case !s.shows(person):
		return nil, nil
	case s.Administrator.ID != person:
		emailReservation = ""
	}
	return []domain.Event{PersonErased{Account: s.UID, Person: person, EmailReservation: emailReservation}}, nil
}
