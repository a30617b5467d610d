package user

import (
	"bytes"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// DecideChangePassword puts a credential in force in place of the one that the
// user has proved to know.
func DecideChangePassword(s State, known, credential uuid.UUID) ([]domain.Event, error) {
	switch {
	case s.Status == "" || s.Erased:
		return nil, refuse(CodeUserUnknown, "There is no such user.")
	case s.Credential != known:
		return nil, refuse(CodePasswordWrong, "This is not the password.")
	}
	return []domain.Event{PasswordChanged{User: s.UID, Credential: credential}}, nil
}

// DecideRequestReset lets an active user choose a password by mail. For others
// nothing happens; it never refuses.
func DecideRequestReset(s State, r Reset) ([]domain.Event, error) {
	if s.Status != Active || s.Erased {
		return nil, nil
	}
	return []domain.Event{PasswordResetRequested{User: s.UID, Reset: r}}, nil
}

// DecideResetPassword decides whether the holder of a reset's token may put a
// credential in force.
func DecideResetPassword(s State, tokenHash []byte, credential uuid.UUID, now time.Time) ([]domain.Event, error) {
	switch {
	case len(tokenHash) == 0 || !bytes.Equal(s.Reset.TokenHash, tokenHash) || s.Status != Active || s.Erased:
		return nil, refuse(CodeResetUnknown, "There is no such password reset, or it was used already.")
	case !now.Before(s.Reset.Expires):
		return nil, refuse(CodeResetExpired, "The time to choose a new password is over. Ask for another e-mail.")
	}
	return []domain.Event{PasswordChanged{User: s.UID, Credential: credential, Reset: s.Reset.Number}}, nil
}
