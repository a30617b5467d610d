package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// EditUser changes what is not nil.
type EditUser struct {
	UserCommand
	Profiles      *[]string
	Administrator *bool
}

// EditUser changes a user's profiles, and whether the user is an administrator.
// The account decides the latter and goes first where it may say no: when the
// command dies in between, its repeat does the rest.
func (a *App) EditUser(ctx context.Context, caller access.Caller, c EditUser) (Written, error) {
	if err := a.managesUsers(ctx, caller, c.Account, c.Command); err != nil {
		return Written{}, err
	}
	s, err := a.userOf(ctx, c.Account, c.User)
	if err != nil {
		return Written{}, err
	}
	acc, err := a.account(ctx, c.Account)
	if err != nil {
		return Written{}, err
	}
	administrator := acc.Administers(c.User)
	profiles := s.Profiles
	if c.Profiles != nil {
		var problems []domain.Problem
		if profiles, problems = user.NormaliseProfiles(*c.Profiles, acc); len(problems) > 0 {
			return Written{}, domain.Refuse(at("/profiles", problems)...)
		}
	}
	if c.Administrator != nil {
		administrator = *c.Administrator
	} else if s.Status == user.Pending {
		administrator = s.Administrator
	}
	_, problems := user.DecideProfiles(s, profiles, administrator)
	if c.Administrator != nil && s.Status != user.Active && s.Status != user.Revoked {
		problems = append(problems, at("/administrator", notActive(s))...)
	}
	if len(problems) > 0 {
		return Written{}, domain.Refuse(problems...)
	}
	return a.editUser(ctx, a.write(caller, c.Command), c, s, profiles, administrator)
}

func notActive(s user.State) []domain.Problem {
	if s.Status == user.Deactivated {
		return []domain.Problem{{Code: account.CodeUserDeactivated, Detail: "The user is deactivated."}}
	}
	return []domain.Problem{{Code: user.CodeUserPending, Detail: "The user has not accepted the invitation yet."}}
}

func (a *App) editUser(ctx context.Context, w write, c EditUser, s user.State, profiles []string, administrator bool) (Written, error) {
	ch := userChange(c.User, func(s user.State) ([]domain.Event, []domain.Problem) {
		return user.DecideProfiles(s, profiles, administrator)
	})
	ch.ifRevision = c.IfRevision
	if _, err := judge(ctx, a, w, ch, a.plan()); err != nil {
		return Written{}, err
	}
	var changed eventlog.Position
	if c.Administrator != nil {
		r, err := carryOut(ctx, a, w, accountChange(c.Account, func(acc account.State) ([]domain.Event, []domain.Problem) {
			if administrator {
				return account.DecideName(acc, s.Person)
			}
			return account.DecideRemove(acc, c.User)
		}))
		if err = refusal(err, at("/administrator", r.problems)); err != nil {
			return Written{}, err
		}
		changed = r.position
	}
	r, err := carryOut(ctx, a, w, ch)
	if err != nil {
		return Written{}, err
	}
	written, err := r.written(c.User)
	if written.Position.Before(changed) {
		written.Position = changed
	}
	return written, err
}

// DeactivateUser keeps a user out from now on: sessions and personal tokens end
// at once. Let in again, the user comes from the issuer as if for the first time.
// The last administrator cannot be deactivated.
func (a *App) DeactivateUser(ctx context.Context, caller access.Caller, c UserCommand) (Written, error) {
	written, err := a.changeAccess(ctx, caller, c, account.DecideWithdraw)
	if err != nil {
		return Written{}, err
	}
	if err := a.people.Store.EndSessions(ctx, c.User); err != nil {
		a.logger.WarnContext(ctx, "sessions of a deactivated user stay, of no use", "user", c.User, "error", err)
	}
	if err := a.people.Store.DropIdentities(ctx, c.User); err != nil {
		a.logger.WarnContext(ctx, "identities of a deactivated user stay", "user", c.User, "error", err)
	}
	return written, nil
}

// ReactivateUser lets a deactivated user in again, with the profiles from before.
func (a *App) ReactivateUser(ctx context.Context, caller access.Caller, c UserCommand) (Written, error) {
	return a.changeAccess(ctx, caller, c, account.DecideRestore)
}

// changeAccess lets the account decide; the user's stream follows, by the
// processes should this command die.
func (a *App) changeAccess(ctx context.Context, caller access.Caller, c UserCommand,
	decide func(account.State, uuid.UUID) ([]domain.Event, []domain.Problem),
) (Written, error) {
	if err := a.managesUsers(ctx, caller, c.Account, c.Command); err != nil {
		return Written{}, err
	}
	s, err := a.userOf(ctx, c.Account, c.User)
	switch {
	case err != nil:
		return Written{}, err
	case s.Status == user.Pending:
		return Written{}, domain.Refuse(notActive(s)...)
	case s.Status == user.Revoked:
		return Written{}, query.ErrNotFound
	}
	w := a.write(caller, c.Command)
	r, err := carryOut(ctx, a, w, accountChange(c.Account, func(acc account.State) ([]domain.Event, []domain.Problem) {
		return decide(acc, c.User)
	}))
	if err = refusal(err, r.problems); err != nil {
		return Written{}, err
	}
	followed, err := a.followAccess(ctx, w, c.Account, c.User)
	if err != nil {
		return Written{}, err
	}
	written, err := followed.written(c.User)
	if written.Position.Before(r.position) {
		written.Position = r.position
	}
	return written, err
}

// followAccess brings a user's stream in line with what the account says now.
func (a *App) followAccess(ctx context.Context, w write, uid, person uuid.UUID) (result[user.State], error) {
	acc, err := a.account(ctx, uid)
	if err != nil {
		return result[user.State]{}, err
	}
	return carryOut(ctx, a, w, userChange(person, func(s user.State) ([]domain.Event, []domain.Problem) {
		return user.DecideAccess(s, acc.KeepsOut(person)), nil
	}))
}
