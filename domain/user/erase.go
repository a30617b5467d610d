package user

import (
	"github.com/fleetledger/fleetledger/domain"
)

// DecideErase decides to forget the person, whatever the user's status. An
// erased user is unchanged.
func DecideErase(s State) ([]domain.Event, []domain.Problem) {
	if s.Status == "" {
		return nil, problem(CodeUserUnknown, "There is no such user.")
	}
	if s.Erased {
		return nil, nil
	}
	return []domain.Event{UserErased{User: s.UID, Account: s.Account}}, nil
}
