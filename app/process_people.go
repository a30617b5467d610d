package app

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/user"
)

// addPeople are the tasks about an account and its users: what one stream has
// decided, the other follows. Repeated, the events have the same ids.
func (t *tasks) addPeople(e eventlog.Recorded) {
	follow := func(name string, do func(context.Context, *App, write) error) {
		t.rest[name+" of "+e.Stream+" by "+e.ID.String()] = func(ctx context.Context, a *App) error {
			return a.orRefused(ctx, do(ctx, a, a.because(e)))
		}
	}
	switch event := e.Event.(type) {
	case account.AccountActivated:
		follow("first user", func(ctx context.Context, a *App, w write) error {
			_, err := a.joinFirst(ctx, w, event.Account, event.Administrator, event.Credential)
			return err
		})
	case user.UserActivated:
		if event.Administrator {
			follow("administrator", func(ctx context.Context, a *App, w write) error {
				_, err := a.nameAdministrator(ctx, w, event.Account, event.Person)
				return err
			})
		}
	case account.AccessWithdrawn:
		follow("access", func(ctx context.Context, a *App, w write) error {
			_, err := a.followAccess(ctx, w, event.Account, event.User)
			return err
		})
	case account.AccessRestored:
		follow("access", func(ctx context.Context, a *App, w write) error {
			_, err := a.followAccess(ctx, w, event.Account, event.User)
			return err
		})
	case account.PersonErased:
		t.erase(event.Person, e)
	case user.UserErased:
		if event.EmailReservation != "" {
			t.reserve(e.Stream, event.EmailReservation, reservation.Email)
		}
		t.tidy(e.Stream, event.User, e)
		t.erase(event.User, e)
	case audit.AuditorErased:
		t.erase(event.Grant, e)
	case user.UserInvitationRevoked, user.UserInvitationAbandoned:
		if uid, ok := uidOf(e.Stream); ok {
			t.tidy(e.Stream, uid, e)
		}
	}
}

func (t *tasks) erase(person uuid.UUID, e eventlog.Recorded) {
	t.rest["person "+person.String()] = func(ctx context.Context, a *App) error {
		_, err := a.eraseEverywhere(ctx, a.because(e), person)
		if errors.Is(err, query.ErrNotFound) { // named nowhere any more
			err = nil
		}
		if err = a.orRefused(ctx, err); err != nil {
			return err
		}
		return a.destroySecrets(ctx, person)
	}
}

// orRefused lets a refusal stand: things have moved on since the event.
func (a *App) orRefused(ctx context.Context, err error) error {
	if isRefusal(err) {
		a.logger.InfoContext(ctx, "a process leaves something as it is", "reason", err)
		return nil
	}
	return err
}
