package people

import (
	"context"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Edit changes what is not nil.
type Edit struct {
	UserCommand
	Profiles      *[]string
	Administrator *bool
}

// Edit changes a user's profiles, and whether the user is an administrator. The
// account decides the latter and goes first where it may say no: when the command
// dies in between, its repeat does the rest. It needs users.manage in the account, and
// all that the user gains (CodeRightNotHeld), and a fresh sign-in
// (access.ErrFreshSignInRequired).
func (s *Service) Edit(ctx context.Context, caller access.Caller, c Edit) (command.Receipt, error) {
	req, found, err := s.managed(ctx, caller, c.UserCommand)
	if err == nil {
		err = s.access.Fresh(caller)
	}
	if err != nil {
		return command.Receipt{}, err
	}
	acc, err := req.Account(ctx, c.Account)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	edited, err := c.edited(found.State, acc)
	if err := command.UnlessDone(ctx, env, c.on(found), err); err != nil {
		return command.Receipt{}, err
	}
	was := membership{found.State.Profiles, acc.Administers(c.User) || found.State.Status == user.Pending && found.State.Administrator}
	if err := mayGive(ctx, req, c.Account, acc, was, edited); err != nil {
		return command.Receipt{}, err
	}
	decide := func(u user.State) ([]domain.Event, error) {
		return user.DecideProfiles(u, edited.profiles, edited.administrator)
	}
	if _, err := command.DryRun(ctx, env, c.on(found), decide); err != nil {
		return command.Receipt{}, err
	}
	var changed eventlog.Position
	done := false
	if c.Administrator != nil {
		r, err := command.Execute(ctx, env, command.On(account.Aggregate, c.Account), func(acc account.State) ([]domain.Event, error) {
			events, err := decideAdministrator(acc, found.State.Person, edited.administrator)
			return events, pointing("/administrator", err)
		})
		if err != nil {
			return command.Receipt{}, err
		}
		changed, done = r.Position, r.Done
	}
	r, err := command.Execute(ctx, env, c.on(found), decide)
	if err != nil {
		return command.Receipt{}, err
	}
	if done && !r.Done {
		r = r.AsOf(user.Aggregate, changed)
	}
	return r.Receipt().Reaching(changed), nil
}

// edited checks the input against the user and the account, and gives what the
// user is to be.
func (c Edit) edited(u user.State, acc account.State) (membership, error) {
	e := membership{profiles: u.Profiles, administrator: acc.Administers(u.UID)}
	switch {
	case c.Administrator != nil:
		e.administrator = *c.Administrator
	case u.Status == user.Pending:
		e.administrator = u.Administrator
	}
	if c.Profiles != nil {
		profiles, unknown := user.NormaliseProfiles(*c.Profiles, acc)
		if len(unknown) > 0 {
			return e, domain.Refuse(domain.At("/profiles", unknown)...)
		}
		e.profiles = profiles
	}
	_, err := user.DecideProfiles(u, e.profiles, e.administrator)
	problems := domain.ProblemsOf(err)
	if c.Administrator != nil && u.Status != user.Active && u.Status != user.Revoked {
		p := notActive(u)
		p.Pointer = "/administrator"
		problems = append(problems, p)
	}
	return e, domain.Refuse(problems...)
}

func decideAdministrator(acc account.State, person account.Person, administrator bool) ([]domain.Event, error) {
	if administrator {
		return account.DecideName(acc, person)
	}
	return account.DecideRemove(acc, person.ID)
}
