package accounts

import (
	"context"
	"errors"
	"net/netip"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
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
// account.edit, as the account's own choice. Options.From is looked at only for
// callers of that very account.
func (s *Service) Secure(ctx context.Context, caller access.Caller, c Secure) (command.Receipt, error) {
	if err := s.requireOwnChoice(ctx, caller, c.Account, c.Command); err != nil {
		return command.Receipt{}, err
	}
	if caller.Operator() {
		c.Options.From = netip.Addr{}
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	secure := existing(func(state account.State) ([]domain.Event, error) {
		return account.DecideSecure(state, c.Options)
	})
	return command.Receive(command.Execute(ctx, env, command.On(account.Aggregate, c.Account), secure))
}

// ErrAddressNotAdmitted says that the caller's account does not allow the
// caller's network address.
var ErrAddressNotAdmitted = errors.New("the account is not to be used from this address")

// Admit refuses callers that ask from an address that their account does not
// allow, with ErrAddressNotAdmitted. An account's ranges are those of the read
// model; while that is rebuilt, those of the log.
func (s *Service) Admit(ctx context.Context, caller access.Caller, from netip.Addr) error {
	if caller.Operator() || caller.Auditor() { // these have no account
		return nil
	}
	security, err := s.reader.Security(ctx, caller.Own())
	if errors.Is(err, query.ErrNotCaughtUp) {
		var own account.State
		own, err = s.access.Request(caller).Account(ctx, caller.Own())
		security = own.Security
	}
	if err == nil && !security.Admits(from) {
		err = ErrAddressNotAdmitted
	}
	return err
}
