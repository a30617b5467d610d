package account

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// DecideName makes a user of the account one of its administrators. The first one
// of an account that is pending activates it.
func DecideName(s State, administrator Person) ([]domain.Event, error) {
	switch {
	case !s.Exists():
		return nil, domain.Refuse(notFound()...)
	case s.Status == Closed:
		return nil, domain.Refuse(closed(s)...)
	case s.KeepsOut(administrator.ID):
		return nil, domain.Refuse(userDeactivated())
	}
	var events []domain.Event
	if !s.Administers(administrator.ID) {
		events = append(events, AdministratorNamed{Account: s.UID, Administrator: administrator})
	}
	if s.Status == Pending {
		events = append(events, AccountActivated{Account: s.UID, Administrator: administrator})
	}
	return events, nil
}

// DecideRemove makes an administrator an ordinary user. One has to remain.
func DecideRemove(s State, user uuid.UUID) ([]domain.Event, error) {
	if !s.Administers(user) {
		return nil, nil
	}
	if len(s.Administrators) == 1 {
		return nil, domain.Refuse(lastAdministrator()...)
	}
	return []domain.Event{AdministratorRemoved{Account: s.UID, User: user}}, nil
}

// DecideWithdraw keeps a user out of the account from now on, but never its
// last administrator.
func DecideWithdraw(s State, user uuid.UUID) ([]domain.Event, error) {
	switch {
	case !s.Exists():
		return nil, domain.Refuse(notFound()...)
	case s.KeepsOut(user):
		return nil, nil
	case s.Administers(user) && len(s.Administrators) == 1:
		return nil, domain.Refuse(lastAdministrator()...)
	}
	return []domain.Event{AccessWithdrawn{Account: s.UID, User: user}}, nil
}

// DecideRestore lets a user in again, as an ordinary one.
func DecideRestore(s State, user uuid.UUID) ([]domain.Event, error) {
	if !s.KeepsOut(user) {
		return nil, nil
	}
	return []domain.Event{AccessRestored{Account: s.UID, User: user}}, nil
}
