package user

import (
	"github.com/fleetledger/fleetledger/domain"
)

// DecideErase decides to forget the person, whatever the user's status. An
// erased user is unchanged. emailReservation is the stream of the reservation
// that the user has of the address, if any.
func DecideErase(s State, emailReservation string) ([]domain.Event, []domain.Problem) {
	if s.Status == "" {
		return nil, problem(CodeUserUnknown, "There is no such user.")
	}
	if s.Erased {
		return nil, nil
	}
	return []domain.Event{UserErased{User: s.UID, Account: s.Account, EmailReservation: emailReservation}}, nil
}
