package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// secretOf is the id of the secret that a command brings.
func secretOf(w write) uuid.UUID { return w.derive("secret of an external account") }

// settleSecrets does what follows from a command's events, as far as it can; the
// processes do the rest.
func (a *App) settleSecrets(ctx context.Context, events []domain.Event) {
	var errs []error
	for _, e := range events {
		switch e := e.(type) {
		case account.ExternalAccountAdded:
			errs = append(errs, a.secrets.Settle(ctx, e.Credential))
		case account.ExternalAccountSecretReplaced:
			errs = append(errs, a.secrets.Settle(ctx, e.Credential), a.secrets.Drop(ctx, e.Replaced))
		case account.ExternalAccountRemoved:
			errs = append(errs, a.secrets.Drop(ctx, e.Credential))
		}
	}
	if err := errors.Join(errs...); err != nil {
		a.logger.WarnContext(ctx, "a secret of no use is left to the processes", "error", err)
	}
}

// addSecrets are the tasks about secrets that are of no use any more. None comes
// back into use, so that dropping one again, however late, does no harm.
func (t *tasks) addSecrets(e eventlog.Recorded) {
	drop := func(id uuid.UUID) {
		t.rest["secret "+id.String()] = func(ctx context.Context, a *App) error { return a.secrets.Drop(ctx, id) }
	}
	switch event := e.Event.(type) {
	case account.ExternalAccountSecretReplaced:
		drop(event.Replaced)
	case account.ExternalAccountRemoved:
		drop(event.Credential)
	case account.AccountClosed: // which it stays
		t.rest["secrets of "+e.Stream] = func(ctx context.Context, a *App) error { return a.dropSecrets(ctx, event.Account) }
	}
}

func (a *App) dropSecrets(ctx context.Context, uid uuid.UUID) error {
	s, err := a.account(ctx, uid)
	for _, x := range s.ExternalAccounts {
		err = errors.Join(err, a.secrets.Drop(ctx, x.Credential))
	}
	return err
}

// inFlight is how long a secret may wait for its event: far longer than any
// request takes.
const inFlight = 24 * time.Hour

// ForgetSecrets drops secrets that were kept and never named: the command died
// in between, or was refused. It asks the log about each, so that none that is
// in use is dropped.
func (a *App) ForgetSecrets(ctx context.Context) error {
	left, err := a.secrets.Unsettled(ctx, inFlight)
	if err != nil {
		return err
	}
	for _, secret := range left {
		s, err := a.account(ctx, secret.Account)
		if err == nil && s.NamesCredential(secret.ID) {
			err = a.secrets.Settle(ctx, secret.ID)
		} else if err == nil {
			err = a.secrets.Drop(ctx, secret.ID)
		}
		if err != nil {
			return fmt.Errorf("secret %s: %w", secret.ID, err)
		}
	}
	return nil
}
