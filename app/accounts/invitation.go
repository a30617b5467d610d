package accounts

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// invitation is an account's invitation of a number.
func (s *Service) invitation(uid uuid.UUID, number int, now time.Time) account.Invitation {
	return account.Invitation{
		Number: number, TokenHash: access.Hash(s.tokens.Invitation(uid, number)), Expires: now.Add(access.InvitationLifetime),
	}
}

// ResendInvitation makes a new invitation in place of the old one. The operator
// may, and whoever has customers.create in the reseller account that created the
// account. As all that sends invitations it is limited (*access.TooManyMails).
func (s *Service) ResendInvitation(ctx context.Context, caller access.Caller, uid uuid.UUID, c command.Command) (command.Receipt, error) {
	l, err := s.unfinished(ctx, caller, uid, c)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c)
	invite := func(state account.State) ([]domain.Event, error) {
		return account.DecideInvite(state, s.invitation(uid, state.Invitation.Number+1, env.At), env.At)
	}
	env = s.access.Mails.Asking(env, access.MailInvitation, l.State.Administrator.Email)
	return command.Receive(command.Execute(ctx, env, command.Loaded(account.Aggregate, l).Shown(), invite))
}

// RenewInvitation sends the invitation of a number again where it waits, and was made
// with a former secret.
func (s *Service) RenewInvitation(ctx context.Context, env command.Env, uid uuid.UUID, number int) error {
	_, err := command.Execute(ctx, env, command.On(account.Aggregate, uid), func(state account.State) ([]domain.Event, error) {
		i := state.Invitation
		if i.Number != number || state.StatusAt(env.At) != account.Pending || access.Fits(i.TokenHash, s.tokens.Invitation(uid, number)) {
			return nil, nil
		}
		return account.DecideInvite(state, s.invitation(uid, number+1, env.At), env.At)
	})
	return err
}

// CorrectEmail gives the administrator of a pending account another address.
type CorrectEmail struct {
	command.Command
	Account    uuid.UUID
	Email      string
	IfRevision *eventlog.Revision
}

// CorrectEmail corrects the address that the invitation went to and sends a new
// one, with the rights of ResendInvitation. The old invitation stops working. Whoever
// gets the new one administers the account, so that only whoever has all rights of an
// administrator itself, at the reseller, says who that is (access.CodeRightNotHeld), and
// in a session only who has signed in lately (access.ErrFreshSignInRequired).
func (s *Service) CorrectEmail(ctx context.Context, caller access.Caller, c CorrectEmail) (command.Receipt, error) {
	l, err := s.unfinished(ctx, caller, c.Account, c.Command)
	if err != nil {
		return command.Receipt{}, err
	}
	if err := s.access.Fresh(caller); err != nil {
		return command.Receipt{}, err
	}
	email, _, problems := account.NewEmail(c.Email)
	problems = domain.At("/email", problems)
	if !caller.Operator() {
		problems = append(problems, access.Giving(rights.Administrator(), nil, caller.InOwn(), "/email")...)
	}
	if len(problems) > 0 {
		return command.Receipt{}, domain.Refuse(problems...)
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	correct := func(state account.State) ([]domain.Event, error) {
		return account.DecideCorrectEmail(state, email, s.invitation(c.Account, state.Invitation.Number+1, env.At), env.At)
	}
	env = s.access.Mails.Asking(env, access.MailInvitation, email)
	r, err := command.Execute(ctx, env, command.Loaded(account.Aggregate, l).Shown().If(c.IfRevision), correct)
	if slices.ContainsFunc(domain.ProblemsOf(err), func(p domain.Problem) bool { return p.Code == account.CodeEmailTaken }) {
		taken := account.EmailTaken()
		taken.Pointer = "/email"
		err = domain.Refuse(taken)
	}
	return command.Receive(r, err)
}

// unfinished loads an account for what its creator may do while nobody has
// activated it.
func (s *Service) unfinished(ctx context.Context, caller access.Caller, uid uuid.UUID, c command.Command) (eventlog.Loaded[account.State], error) {
	if err := c.Check(); err != nil {
		return eventlog.Loaded[account.State]{}, err
	}
	l, err := s.load(ctx, uid)
	if err != nil || !l.State.Exists() {
		return l, access.OrNotFound(err)
	}
	return l, s.mayInvite(ctx, caller, l.State)
}

func (s *Service) mayInvite(ctx context.Context, caller access.Caller, state account.State) error {
	if caller.Operator() {
		return nil
	}
	req := s.access.Request(caller)
	if err := req.Require(ctx, state.UID, rights.AccountRead); err != nil {
		return err
	}
	if state.Reseller == uuid.Nil || state.Reseller != caller.Own() {
		return &access.Forbidden{Right: rights.CustomersCreate, Account: state.UID} // without telling whose customer it is
	}
	return req.RequireWrite(ctx, state.Reseller, rights.CustomersCreate)
}
