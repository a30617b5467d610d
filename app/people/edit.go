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
// dies in between, its repeat does the rest. It needs users.manage in the account.
func (s *Service) Edit(ctx context.Context, caller access.Caller, c Edit) (command.Receipt, error) {
	req, found, err := s.managed(ctx, caller, c.UserCommand)
	if err != nil {
		return command.Receipt{}, err
	}
	acc, err := req.Account(ctx, c.Account)
	if err != nil {
		return command.Receipt{}, err
	}
	edited, err := c.edited(found.State, acc)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	if _, err := command.DryRun(ctx, env, c.on(found), edited.decide); err != nil {
		return command.Receipt{}, err
	}
	var changed eventlog.Position
	if c.Administrator != nil {
		r, err := command.Execute(ctx, env, command.On(account.Aggregate, c.Account), func(acc account.State) ([]domain.Event, error) {
			events, err := decideAdministrator(acc, found.State.Person, edited.administrator)
			return events, pointing("/administrator", err)
		})
		if err != nil {
			return command.Receipt{}, err
		}
		changed = r.Position
	}
	r, err := command.Execute(ctx, env, c.on(found), edited.decide)
	if err != nil {
		return command.Receipt{}, err
	}
	return r.Receipt().Reaching(changed), nil
}

// edited is what a user is to be.
type edited struct {
	profiles      []string
	administrator bool
}

func (e edited) decide(u user.State) ([]domain.Event, error) {
	return user.DecideProfiles(u, e.profiles, e.administrator)
}

// edited checks the input against the user and the account, and gives what the
// user is to be.
func (c Edit) edited(u user.State, acc account.State) (edited, error) {
	e := edited{profiles: u.Profiles, administrator: acc.Administers(u.UID)}
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
	_, err := e.decide(u)
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
