package user

import (
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// DecideMakeToken records a personal API token of an active user.
func DecideMakeToken(s State, token uuid.UUID, label string, expires time.Time) ([]domain.Event, error) {
	if problems := present(s); problems != nil {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{PersonalTokenMade{User: s.UID, Token: token, Named: account.Person{ID: s.UID, Name: label}, Expires: expires}}, nil
}
