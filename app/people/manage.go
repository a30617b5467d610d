package people

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
	"github.com/fleetledger/fleetledger/domain/user"
)

// UserCommand is a command on one user of an account. A user who is not at
// IfRevision is command.ErrPrecondition; nil expects none.
type UserCommand struct {
	command.Command
	Account, User uuid.UUID
	IfRevision    *eventlog.Revision
}

// ResendInvitation makes a new invitation in place of one that was not used yet.
// It needs users.manage in the account, and all that the invitation gives
// (CodeRightNotHeld).
func (s *Service) ResendInvitation(ctx context.Context, caller access.Caller, c UserCommand) (command.Receipt, error) {
	req, found, err := s.managed(ctx, caller, c)
	if err != nil {
		return command.Receipt{}, err
	}
	acc, err := req.Account(ctx, c.Account)
	if err != nil {
		return command.Receipt{}, err
	}
	if err := mayGive(ctx, req, c.Account, acc, membership{}, invitedAs(found.State)); err != nil {
		return command.Receipt{}, unpointed(err)
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	env = s.access.Mails.Asking(env, access.MailInvitation, found.State.Person.Email)
	return command.Receive(command.Execute(ctx, env, c.on(found), func(u user.State) ([]domain.Event, error) {
		return user.DecideResend(u, s.invitation(env, u.UID, u.Invitation.Number+1), env.At)
	}))
}

// RevokeInvitation takes back an invitation that was not used yet. The e-mail
// address is free then. It needs users.manage in the account.
func (s *Service) RevokeInvitation(ctx context.Context, caller access.Caller, c UserCommand) (command.Receipt, error) {
	_, found, err := s.managed(ctx, caller, c)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	return command.Receive(command.Execute(ctx, env, c.on(found), user.DecideRevoke))
}

// invitation is a user's invitation of a number.
func (s *Service) invitation(env command.Env, uid uuid.UUID, number int) account.Invitation {
	return account.Invitation{
		Number: number, TokenHash: access.Hash(s.tokens.UserInvitation(uid, number)), Expires: env.At.Add(access.InvitationLifetime),
	}
}

// manages is what every command on an account's users checks first.
func (s *Service) manages(ctx context.Context, caller access.Caller, uid uuid.UUID, c command.Command) (*access.Request, error) {
	req := s.access.Request(caller)
	if err := req.RequireWrite(ctx, uid, rights.UsersManage); err != nil {
		return nil, err
	}
	return req, c.Check()
}

// managed is manages, and the user that the command is about; query.ErrNotFound
// when the account has no such user.
func (s *Service) managed(ctx context.Context, caller access.Caller, c UserCommand) (*access.Request, eventlog.Loaded[user.State], error) {
	req, err := s.manages(ctx, caller, c.Account, c.Command)
	if err != nil {
		return nil, eventlog.Loaded[user.State]{}, err
	}
	found, err := s.user(ctx, c.User)
	if err == nil && (found.State.Status == "" || found.State.Account != c.Account) {
		err = query.ErrNotFound
	}
	return req, found, err
}

// on is the found user as the subject of the command.
func (c UserCommand) on(found eventlog.Loaded[user.State]) command.Subject[user.State] {
	return command.Loaded(user.Aggregate, found).Shown().If(c.IfRevision)
}
