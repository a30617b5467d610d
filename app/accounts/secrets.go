package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// secretID is that of the secret that a command brings.
func secretID(env command.Env) uuid.UUID { return env.Derive("secret of an external account") }

// settleSecrets does what follows from a command's events, as far as it can; the
// reactions do the rest.
func (s *Service) settleSecrets(ctx context.Context, events []domain.Event) {
	var errs []error
	for _, e := range events {
		switch e := e.(type) {
		case account.ExternalAccountAdded:
			errs = append(errs, s.secrets.Settle(ctx, e.Credential))
		case account.ExternalAccountSecretReplaced:
			errs = append(errs, s.secrets.Settle(ctx, e.Credential), s.secrets.Drop(ctx, e.Replaced))
		case account.ExternalAccountRemoved:
			errs = append(errs, s.secrets.Drop(ctx, e.Credential))
		}
	}
	if err := errors.Join(errs...); err != nil {
		s.executor.Logger.WarnContext(ctx, "a secret of no use is left to the reactions", "error", err)
	}
}

// DropSecret forgets a secret that is of no use any more. None comes back into
// use, so that dropping one again, however late, does no harm.
func (s *Service) DropSecret(ctx context.Context, id uuid.UUID) error { return s.secrets.Drop(ctx, id) }

// DropSecrets forgets all secrets of an account, which is closed and stays so.
func (s *Service) DropSecrets(ctx context.Context, uid uuid.UUID) error {
	l, err := s.load(ctx, uid)
	for _, x := range l.State.ExternalAccounts {
		err = errors.Join(err, s.secrets.Drop(ctx, x.Credential))
	}
	return err
}

// inFlight is how long a secret may wait for its event: far longer than any
// request takes.
const inFlight = 24 * time.Hour

// ForgetSecrets drops secrets that were kept and never named: the command died
// in between, or was refused. It asks the log about each, so that none that is
// in use is dropped.
func (s *Service) ForgetSecrets(ctx context.Context) error {
	unsettled, err := s.secrets.Unsettled(ctx, inFlight)
	if err != nil {
		return err
	}
	for _, secret := range unsettled {
		l, err := s.load(ctx, secret.Account)
		if err == nil && l.State.NamesCredential(secret.ID) {
			err = s.secrets.Settle(ctx, secret.ID)
		} else if err == nil {
			err = s.secrets.Drop(ctx, secret.ID)
		}
		if err != nil {
			return fmt.Errorf("secret %s: %w", secret.ID, err)
		}
	}
	return nil
}
