package accounts

import (
	"context"
	"net/netip"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// Secure changes the security options. What is nil stays.
type Secure struct {
	command.Command
	Account uuid.UUID
	Options account.Secure
}

// Secure changes what an account asks of its users, all or none. It needs
// account.edit, as the account's own choice, and a fresh sign-in
// (access.ErrFreshSignInRequired). Options.From is looked at only for
// callers of that very account.
func (s *Service) Secure(ctx context.Context, caller access.Caller, c Secure) (command.Receipt, error) {
	if err := s.requireOwnChoice(ctx, caller, c.Account, c.Command); err != nil {
		return command.Receipt{}, err
	}
	if err := s.access.Fresh(caller); err != nil {
		return command.Receipt{}, err
	}
	if caller.Operator() {
		c.Options.From = netip.Addr{}
	}
	c.Options.Issuer = s.issuer
	env := s.executor.Begin(caller.Actor, c.Command)
	secure := existing(func(state account.State) ([]domain.Event, error) {
		return account.DecideSecure(state, c.Options)
	})
	return command.Receive(command.Execute(ctx, env, command.On(account.Aggregate, c.Account).Shown(), secure))
}

// Admit refuses callers whose account has expired or is closed, with
// access.ErrAccountEnded, and those that ask from an address that it does not allow, with
// access.ErrAddressNotAdmitted. It asks the log: a change holds from the next
// request on.
func (s *Service) Admit(ctx context.Context, caller access.Caller, from netip.Addr) error {
	if caller.Operator() || caller.Auditor() { // these have no account
		return nil
	}
	own, err := s.access.Request(caller).Account(ctx, caller.Own())
	switch {
	case err != nil:
		return err
	case !own.InUseAt(s.executor.Clock.Now()):
		return access.ErrAccountEnded
	case !own.Security.Admits(from):
		return access.ErrAddressNotAdmitted
	}
	return nil
}
