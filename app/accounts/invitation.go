package accounts

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
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
// account.
func (s *Service) ResendInvitation(ctx context.Context, caller access.Caller, uid uuid.UUID, c command.Command) (command.Receipt, error) {
	l, err := s.load(ctx, uid)
	if err != nil || !l.State.Exists() {
		return command.Receipt{}, access.OrNotFound(err)
	}
	if err := s.mayInvite(ctx, caller, l.State); err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c)
	invite := func(state account.State) ([]domain.Event, error) {
		return account.DecideInvite(state, s.invitation(uid, state.Invitation.Number+1, env.At), env.At)
	}
	return command.Receive(command.Execute(ctx, env, command.Loaded(account.Aggregate, l), invite))
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
