package people

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// checkPassword refuses a new password that a person cannot have.
func (s *Service) checkPassword(password string, person account.Person, acc account.State) error {
	weak := user.CheckPassword(password, s.options.minimum(acc.Security), person, acc.Name)
	return domain.Refuse(domain.At("/password", weak)...)
}

// matches reports whether a password is the one of a credential.
func (s *Service) matches(ctx context.Context, password string, credential uuid.UUID) (bool, error) {
	hash, err := s.options.Store.Credential(ctx, credential)
	if err != nil {
		return false, err
	}
	return s.options.Passwords.Matches(ctx, user.NormalisePassword(password), hash)
}

// keepPassword keeps a password's hash, for an event to name.
func (s *Service) keepPassword(ctx context.Context, env command.Env, person, credential uuid.UUID, password string) error {
	hash, err := s.options.Passwords.Hash(ctx, user.NormalisePassword(password))
	if err != nil {
		return err
	}
	return s.options.Store.PutCredential(ctx, credential, person, hash, env.At)
}

// settleFirstPassword drops the hashes that no event names, after the outcome of
// an activation. Where that is unknown all stay; those not named are of no use to
// anybody.
func (s *Service) settleFirstPassword(ctx context.Context, person, credential uuid.UUID, outcome error) {
	var err error
	switch {
	case outcome == nil:
		err = s.options.Store.KeepCredential(ctx, person, credential)
	case isRefusal(outcome):
		err = s.options.Store.DropCredential(ctx, credential)
	}
	if err != nil {
		s.executor.Logger.WarnContext(ctx, "an unused password hash stays", "user", person, "error", err)
	}
}

// settlePassword drops the hash that is not in force, after the outcome of a
// change, and the sessions, personal tokens and calendars with it, which have ended by the event
// that says so. It names the one it drops: another change may
// have kept its hash meanwhile, for an event that is still to come. A hash that
// is not dropped opens nothing.
func (s *Service) settlePassword(ctx context.Context, by access.Caller, person, before, credential uuid.UUID, outcome error) {
	drop := before
	switch {
	case isRefusal(outcome):
		drop = credential
	case outcome != nil || before == credential || before == uuid.Nil:
		return // unknown, a repeat, or there was none
	}
	err := s.options.Store.DropCredential(ctx, drop)
	if outcome == nil {
		err = errors.Join(err, s.endTokens(ctx, by, person, time.Time{}, credential))
	}
	if err != nil {
		s.executor.Logger.WarnContext(ctx, "an unused password hash stays, or personal tokens that have ended", "error", err)
	}
}
