package user

import (
	"bytes"
	"time"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// DecideRename gives an active user another name, which is normalised.
func DecideRename(s State, name string) ([]domain.Event, error) {
	if problems := present(s); problems != nil || s.Person.Name == name {
		return nil, domain.Refuse(problems...)
	}
	person := s.Person
	person.Name = name
	return []domain.Event{UserRenamed{User: s.UID, Person: person}}, nil
}

// DecideRequestEmail lets an active user take another e-mail address, which is
// normalised, once its holder confirms it. The address is reserved before the
// decision is appended. The address that the user has, in any case of letters, is
// unchanged.
func DecideRequestEmail(s State, email string, c EmailChange) ([]domain.Event, error) {
	problems := present(s)
	if problems != nil || emailKey(s.Person.Email) == emailKey(email) || bytes.Equal(s.Change.TokenHash, c.TokenHash) {
		return nil, domain.Refuse(problems...)
	}
	person := s.Person
	person.Email = email
	return []domain.Event{EmailChangeRequested{User: s.UID, Person: person, Change: c}}, nil
}

// DecideConfirmEmail decides whether the holder of a request's token has confirmed
// the address.
func DecideConfirmEmail(s State, tokenHash []byte, now time.Time) ([]domain.Event, error) {
	switch {
	case len(tokenHash) == 0 || !bytes.Equal(s.Change.TokenHash, tokenHash) || present(s) != nil:
		return nil, refuse(CodeEmailChangeUnknown, "There is no such change of an e-mail address, or it was confirmed already.")
	case !now.Before(s.Change.Expires):
		return nil, domain.Refuse(emailChangeExpired(s.Change))
	}
	person := s.Person
	person.Email = s.Wanted
	return []domain.Event{EmailChanged{User: s.UID, Person: person, Number: s.Change.Number}}, nil
}

// DecideLapseEmail records that the request for another address has run out, which
// frees it. It never refuses.
func DecideLapseEmail(s State, now time.Time) ([]domain.Event, error) {
	if s.Wanted == "" || now.Before(s.Change.Expires) {
		return nil, nil
	}
	return []domain.Event{EmailChangeExpired{User: s.UID, Number: s.Change.Number}}, nil
}

// DecideSignIn records the first sign-in of a user on a day. It never refuses: who
// may sign in, the account says.
func DecideSignIn(s State, day calendar.Date) ([]domain.Event, error) {
	if s.Status == "" || s.Erased || day <= s.LastSeen {
		return nil, nil
	}
	return []domain.Event{UserSignedIn{User: s.UID, Account: s.Account, Day: day}}, nil
}

// present is what stands against what only active users do.
func present(s State) []domain.Problem {
	switch {
	case s.Status == "":
		return problem(CodeUserUnknown, "There is no such user.")
	case s.Erased || s.Person.IsErased():
		return problem(account.CodePersonErased, "The person was erased.")
	case s.Status == Pending:
		return problem(CodeUserPending, "The user has not accepted the invitation yet.")
	case s.Status != Active:
		return problem(account.CodeUserDeactivated, "The user is "+string(s.Status)+".")
	}
	return nil
}
