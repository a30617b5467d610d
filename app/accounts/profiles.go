package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// DefineProfile gives an account a profile of its own.
type DefineProfile struct {
	command.Command
	Account uuid.UUID
	Name    string
	Rights  []string
}

// DefineProfile defines a profile, whose uid the receipt has. It needs
// users.manage: profiles are managed by those who manage users, the account's
// administrators.
func (s *Service) DefineProfile(ctx context.Context, caller access.Caller, c DefineProfile) (command.Receipt, error) {
	held, err := s.requireProfiles(ctx, caller, c.Account, c.Command)
	if err != nil {
		return command.Receipt{}, err
	}
	name, given, err := readProfile(&c.Name, &c.Rights)
	if err != nil {
		return command.Receipt{}, err
	}
	if err := domain.Refuse(access.Giving(given, nil, held, "/rights")...); err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	uid := env.Derive("profile")
	define := existing(func(state account.State) ([]domain.Event, error) {
		return account.DecideDefineProfile(state, uid, name, given)
	})
	receipt, err := command.Receive(command.Execute(ctx, env, command.On(account.Aggregate, c.Account).Shown(), define))
	receipt.UID = uid
	return receipt, err
}

// EditProfile changes what is not nil. IfRevision is the account's.
type EditProfile struct {
	command.Command
	Account    uuid.UUID
	Profile    string
	Name       *string
	Rights     *[]string
	IfRevision *eventlog.Revision
}

// EditProfile changes one of the account's own profiles, all or nothing, for
// everybody who has it. It needs users.manage; query.ErrNotFound when there is no
// such profile.
func (s *Service) EditProfile(ctx context.Context, caller access.Caller, c EditProfile) (command.Receipt, error) {
	held, err := s.requireProfiles(ctx, caller, c.Account, c.Command)
	if err != nil {
		return command.Receipt{}, err
	}
	uid, err := ownProfile(c.Profile)
	if err != nil {
		return command.Receipt{}, err
	}
	name, given, err := readProfile(c.Name, c.Rights)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	edit := having(profile(uid), func(state account.State) ([]domain.Event, error) {
		problems := access.Giving(given, state.Profile(uid.String()).Rights, held, "/rights")
		events, err := account.DecideEditProfile(state, uid, name, given)
		if err == nil && len(problems) > 0 {
			return nil, domain.Refuse(problems...)
		}
		return events, err
	})
	receipt, err := command.Receive(command.Execute(ctx, env, command.On(account.Aggregate, c.Account).Shown().If(c.IfRevision), edit))
	receipt.UID = uid
	return receipt, err
}

// RemoveProfile takes one of the account's own profiles away. Users, partners
// and tokens that have it keep its id, which gives nothing from then on.
type RemoveProfile struct {
	command.Command
	Account    uuid.UUID
	Profile    string
	IfRevision *eventlog.Revision
}

// RemoveProfile removes a profile, with the rights and errors of EditProfile.
func (s *Service) RemoveProfile(ctx context.Context, caller access.Caller, c RemoveProfile) (command.Receipt, error) {
	if _, err := s.requireProfiles(ctx, caller, c.Account, c.Command); err != nil {
		return command.Receipt{}, err
	}
	uid, err := ownProfile(c.Profile)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	remove := having(profile(uid), func(state account.State) ([]domain.Event, error) {
		return account.DecideRemoveProfile(state, uid)
	})
	receipt, err := command.Receive(command.Execute(ctx, env, command.On(account.Aggregate, c.Account).Shown().If(c.IfRevision), remove))
	receipt.UID = uid
	return receipt, err
}

// requireProfiles is what every command on profiles checks first. It gives the rights
// that the caller has in the account, which are all that it gives to others.
func (s *Service) requireProfiles(ctx context.Context, caller access.Caller, uid uuid.UUID, c command.Command) (rights.Set, error) {
	req := s.access.Request(caller)
	if err := req.RequireWrite(ctx, uid, rights.UsersManage); err != nil {
		return nil, err
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	return req.In(ctx, uid)
}

func profile(uid uuid.UUID) func(account.State) bool {
	return func(state account.State) bool { return state.HasProfile(uid.String()) }
}

// ownProfile is the uid of a profile that can be changed: no shipped one.
func ownProfile(id string) (uuid.UUID, error) {
	if _, shipped := rights.Find(id); shipped {
		return uuid.Nil, domain.Refuse(profileShipped())
	}
	uid, err := uuid.Parse(id)
	if err != nil || uid.String() != id {
		return uuid.Nil, query.ErrNotFound
	}
	return uid, nil
}

// readProfile checks what is not nil and gives all problems at once.
func readProfile(name *string, names *[]string) (display string, given []rights.Right, err error) {
	var problems, found []domain.Problem
	if name != nil {
		display, _, found = account.NormaliseName(*name)
		problems = append(problems, domain.At("/name", found)...)
	}
	if names != nil {
		given, found = account.NormaliseRights(*names)
		problems = append(problems, domain.At("/rights", found)...)
	}
	return display, given, domain.Refuse(problems...)
}
