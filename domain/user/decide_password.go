package user

import (
	"bytes"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// DecideChangePassword puts a credential in force in place of the one that the
// user has proved to know.
func DecideChangePassword(s State, known, credential uuid.UUID) ([]domain.Event, []domain.Problem) {
	switch {
	case s.Status == "" || s.Erased:
		return nil, problem(CodeUserUnknown, "There is no such user.")
	case s.Credential != known:
		return nil, problem(CodePasswordWrong, "That is not the password.")
	}
	return []domain.Event{PasswordChanged{User: s.UID, Credential: credential}}, nil
}

// DecideRequestReset lets an active user choose a password by mail; for others
// nothing happens.
func DecideRequestReset(s State, r Reset) []domain.Event {
	if s.Status != Active || s.Erased {
		return nil
	}
	return []domain.Event{PasswordResetRequested{User: s.UID, Reset: r}}
}

// DecideResetPassword decides whether the holder of a reset's token may put a
// credential in force.
func DecideResetPassword(s State, tokenHash []byte, credential uuid.UUID, now time.Time) ([]domain.Event, []domain.Problem) {
	switch {
	case len(tokenHash) == 0 || !bytes.Equal(s.Reset.TokenHash, tokenHash) || s.Status != Active || s.Erased:
		return nil, problem(CodeResetUnknown, "There is no such reset of a password, or it was used.")
	case !now.Before(s.Reset.Expires):
		return nil, problem(CodeResetExpired, "The time to choose a new password is over. Ask for another mail.")
	}
	return []domain.Event{PasswordChanged{User: s.UID, Credential: credential, Reset: s.Reset.Number}}, nil
}
