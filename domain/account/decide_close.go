package account

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// Holdings are what an account has when it is about to be closed.
type Holdings struct {
	Devices       int // that are not retired
	ActiveDevices int
	Users         int // who can sign in
	Partnerships  int
	Orders        int // for renewals, that wait
	Releases      int // requests to release a device without an answer, asked and held
	Operations    int // that have not finished
}

// Open is how much stops when the account is closed.
func (h Holdings) Open() int { return h.Orders + h.Releases + h.Operations }

// ReasonClosed is the reason of all that stops because an account was closed. Why
// it was closed is between the account and the operator.
const ReasonClosed = "The account was closed."

// Close closes an account. Devices stay as they are, so an account with active
// ones is closed only when that is confirmed.
type Close struct {
	Reason  string
	Holds   Holdings
	Confirm bool
}

// DecideClose closes the account. What is open then stops by itself (package
// reactions), and stays stopped when the account is reopened.
func DecideClose(s State, c Close) ([]domain.Event, error) {
	switch {
	case !s.Exists():
		return nil, domain.Refuse(notFound()...)
	case s.Status == Closed:
		return nil, nil
	case c.Holds.ActiveDevices > 0 && !c.Confirm:
		return nil, domain.Refuse(confirmRequired(s, c.Holds))
	}
	return []domain.Event{AccountClosed{Account: s.UID, Reason: c.Reason}}, nil
}

// DecideWithdrawPending closes an account that nobody has activated yet: its name
// and its administrator's address are free again.
func DecideWithdrawPending(s State, c Close) ([]domain.Event, error) {
	switch {
	case s.Status == Activated:
		return nil, domain.Refuse(alreadyActive(s)...)
	case s.Status == Closed && !s.NeverActivated():
		return nil, domain.Refuse(closed(s)...)
	}
	return DecideClose(s, c)
}

// DecideReopen takes the closing of the account back. Its name and its
// administrator's address are claimed anew where the closing had freed them. name,
// when not empty, is another one, normalised, for an account whose own name went to
// another. An account that is open is unchanged.
func DecideReopen(s State, name, reason string) ([]domain.Event, error) {
	switch s.Status {
	case "":
		return nil, domain.Refuse(notFound()...)
	case Pending, Activated:
		return nil, nil
	}
	events := []domain.Event{AccountReopened{Account: s.UID, Reason: reason}}
	if name != "" && name != s.Name {
		events = append(events, AccountRenamed{Account: s.UID, Name: name})
	}
	return events, nil
}

// DecideFollow lets the account know an administrator's name and e-mail address as
// the user's own stream has them. It never refuses.
func DecideFollow(s State, user Person) ([]domain.Event, error) {
	known, ok := s.administrator(user.ID)
	if !ok || known.IsErased() || user.IsGone() {
		return nil, nil
	}
	var events []domain.Event
	if known.Name != user.Name {
		known.Name = user.Name
		events = append(events, AdministratorRenamed{Account: s.UID, Administrator: known})
	}
	if known.Email != user.Email {
		events = append(events, AdministratorEmailChanged{Account: s.UID, Administrator: user})
	}
	return events, nil
}

// administrator finds a user among the administrators, or the one whom the account
// was created with, who may be none any more.
func (s State) administrator(user uuid.UUID) (Person, bool) {
	for _, p := range s.Administrators {
		if p.ID == user {
			return p, true
		}
	}
	return s.Administrator, s.Joined && s.Administrator.ID == user
}
