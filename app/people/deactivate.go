package people

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Deactivate keeps a user out from now on: sessions, personal tokens and calendars end at
// once, and for good. Let in again, the user comes from the issuer as if for the first time.
// The last administrator cannot be deactivated. It needs users.manage in the
// account.
func (s *Service) Deactivate(ctx context.Context, caller access.Caller, c UserCommand) (command.Receipt, error) {
	receipt, err := s.changeAccess(ctx, caller, c, nil, func(acc account.State, u user.State) ([]domain.Event, error) {
		return account.DecideWithdraw(acc, u.UID)
	})
	if err != nil || c.DryRun {
		return receipt, err
	}
	if err := s.endSignIns(ctx, caller, c.User, time.Time{}); err != nil {
		s.executor.Logger.WarnContext(ctx, "sessions and tokens of a deactivated user stay, of no use", "user", c.User, "error", err)
	}
	if err := s.options.Store.DropIdentities(ctx, c.User); err != nil {
		s.executor.Logger.WarnContext(ctx, "identities of a deactivated user stay", "user", c.User, "error", err)
	}
	return receipt, nil
}

// EndSignIns ends the sessions of a user that began before an instant, and the personal
// tokens and calendars that were made before it, on account of what somebody has done; a
// zero instant means all.
func (s *Service) EndSignIns(ctx context.Context, by domain.Actor, person uuid.UUID, before time.Time) error {
	return s.endSignIns(ctx, access.Caller{Actor: by}, person, before)
}

func (s *Service) endSignIns(ctx context.Context, by access.Caller, person uuid.UUID, before time.Time) error {
	return errors.Join(
		s.options.Store.EndSessions(ctx, person, before, uuid.Nil),
		s.endTokens(ctx, by, person, before, uuid.Nil))
}

// endTokens ends the personal tokens and calendars of a user that were made before an
// instant, zero meaning all, but for those that rest on a credential, and enters each in
// the security log.
func (s *Service) endTokens(ctx context.Context, by access.Caller, person uuid.UUID, before time.Time, but uuid.UUID) error {
	tokens, err := s.options.Store.RevokeTokens(ctx, person, before, but)
	calendars, failed := s.options.Store.RevokeCalendars(ctx, person, before, but, s.now())
	err = errors.Join(err, failed)
	if len(tokens)+len(calendars) == 0 {
		return err
	}
	found, failed := s.user(ctx, person)
	note := func(kind string, ended []uuid.UUID) {
		for _, id := range ended {
			s.noteToken(ctx, ports.SecurityTokenEnded, by, found.State.Account, person, kind+" "+id.String())
		}
	}
	note("personal", tokens)
	note("calendar", calendars)
	return errors.Join(err, failed)
}

// EndSessionsBefore ends the sessions of a user that began before an instant.
func (s *Service) EndSessionsBefore(ctx context.Context, person uuid.UUID, before time.Time) error {
	return s.options.Store.EndSessions(ctx, person, before, uuid.Nil)
}

// EndFormerTokens revokes the personal tokens and calendars of a user that were made before an instant
// and rest on another password than the one in force, which somebody has set.
func (s *Service) EndFormerTokens(ctx context.Context, by domain.Actor, person uuid.UUID, before time.Time) error {
	found, err := s.user(ctx, person)
	if err != nil {
		return err
	}
	return s.endTokens(ctx, access.Caller{Actor: by}, person, before, found.State.Credential)
}

// Reactivate lets a deactivated user in again, with the profiles from before, but with
// no session, personal token or calendar from before: those that a dead command has left end
// first. It needs users.manage in the account, and all that the profiles give
// (CodeRightNotHeld).
func (s *Service) Reactivate(ctx context.Context, caller access.Caller, c UserCommand) (command.Receipt, error) {
	held, err := s.access.Request(caller).In(ctx, c.Account)
	if err != nil {
		return command.Receipt{}, err
	}
	return s.changeAccess(ctx, caller, c, func(ctx context.Context, c UserCommand) error { return s.endLeft(ctx, caller, c) }, func(acc account.State, u user.State) ([]domain.Event, error) {
		events, err := account.DecideRestore(acc, u.UID)
		if err == nil && len(events) > 0 {
			err = domain.Refuse(access.Giving(profileRights(acc, u.Profiles), nil, held, "")...)
		}
		return events, err
	})
}

// endLeft ends what the command has left that kept a user out, should it have died.
func (s *Service) endLeft(ctx context.Context, caller access.Caller, c UserCommand) error {
	acc, err := s.account(ctx, c.Account)
	if err != nil || !acc.State.KeepsOut(c.User) {
		return err
	}
	return s.endSignIns(ctx, caller, c.User, time.Time{})
}

// changeAccess carries out a decision of the account about a user; the user's
// stream follows, by the reactions should this command die. What is to be done first is
// done once the caller is known to have the right; nil: nothing.
func (s *Service) changeAccess(ctx context.Context, caller access.Caller, c UserCommand, first func(context.Context, UserCommand) error,
	decide func(account.State, user.State) ([]domain.Event, error),
) (command.Receipt, error) {
	_, found, err := s.managed(ctx, caller, c)
	switch {
	case err != nil:
		return command.Receipt{}, err
	case found.State.Status == user.Pending:
		return command.Receipt{}, domain.Refuse(notActive(found.State))
	case found.State.Status == user.Revoked:
		return command.Receipt{}, query.ErrNotFound
	}
	if first != nil && !c.DryRun {
		if err := first(ctx, c); err != nil {
			return command.Receipt{}, err
		}
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	changed, err := command.Execute(ctx, env, command.On(account.Aggregate, c.Account), func(acc account.State) ([]domain.Event, error) {
		return decide(acc, found.State)
	})
	if err != nil {
		return command.Receipt{}, err
	}
	followed, err := s.followAccess(ctx, env, changed.Now, c.User)
	if err != nil {
		return command.Receipt{}, err
	}
	if changed.Done && !followed.Done {
		followed = followed.AsOf(user.Aggregate, changed.Position)
	}
	return followed.Receipt().Reaching(changed.Position), nil
}

// FollowAccess brings a user's stream in line with what the account says by now.
func (s *Service) FollowAccess(ctx context.Context, env command.Env, uid, person uuid.UUID) (command.Receipt, error) {
	acc, err := s.account(ctx, uid)
	if err != nil {
		return command.Receipt{}, err
	}
	return command.Receive(s.followAccess(ctx, env, acc.State, person))
}

func (s *Service) followAccess(ctx context.Context, env command.Env, acc account.State, person uuid.UUID) (command.Result[user.State], error) {
	return command.Execute(ctx, env, command.On(user.Aggregate, person), func(u user.State) ([]domain.Event, error) {
		return user.DecideAccess(u, acc.KeepsOut(person))
	})
}
