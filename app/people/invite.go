package people

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Invite brings a person into an account, with profiles or as an administrator.
type Invite struct {
	command.Command
	Account       uuid.UUID
	Email, Name   string
	Profiles      []string
	Administrator bool
}

// Invite invites a user. It needs users.manage in the account, which its
// administrators have, and all that the user is given (CodeRightNotHeld). Inviting an
// administrator needs a fresh sign-in (access.ErrFreshSignInRequired).
func (s *Service) Invite(ctx context.Context, caller access.Caller, c Invite) (command.Receipt, error) {
	req, err := s.manages(ctx, caller, c.Account, c.Command)
	if err != nil {
		return command.Receipt{}, err
	}
	acc, err := req.Account(ctx, c.Account)
	switch {
	case err != nil:
		return command.Receipt{}, err
	case !acc.Exists():
		return command.Receipt{}, query.ErrNotFound
	case acc.Status == account.Closed:
		return command.Receipt{}, domain.Refuse(access.AccountClosed)
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	invite, err := c.normalise(acc)
	if err := command.UnlessDone(ctx, env, command.On(user.Aggregate, env.Derive("user/0")), err); err != nil {
		return command.Receipt{}, err
	}
	if c.Administrator {
		if err := s.access.Fresh(caller); err != nil {
			return command.Receipt{}, err
		}
	}
	if err := mayGive(ctx, req, c.Account, acc, membership{}, membership{invite.Profiles, invite.Administrator}); err != nil {
		return command.Receipt{}, err
	}
	env = s.access.Mails.Asking(env, access.MailInvitation, invite.Person.Email)
	// As with accounts: when an invitation was given up half way, the next uid is taken.
	for n := 0; ; n++ {
		uid := env.Derive(fmt.Sprintf("user/%d", n))
		invite.UID, invite.Person.ID, invite.Invitation = uid, uid, s.invitation(env, uid, 1)
		r, err := command.Execute(ctx, env, command.On(user.Aggregate, uid), func(u user.State) ([]domain.Event, error) {
			return user.DecideInvite(u, invite)
		})
		if !r.Before.Abandoned {
			return command.Receive(r, err)
		}
	}
}

// normalise checks the input and gives all its problems at once.
func (c Invite) normalise(acc account.State) (user.Invite, error) {
	invite := user.Invite{Account: c.Account, Administrator: c.Administrator}
	person, problems := account.Contact{Email: c.Email, Name: c.Name}.Person(uuid.Nil, "")
	profiles, unknown := user.NormaliseProfiles(c.Profiles, acc)
	problems = append(problems, domain.At("/profiles", unknown)...)
	invite.Person, invite.Profiles = person, profiles
	return invite, domain.Refuse(problems...)
}
