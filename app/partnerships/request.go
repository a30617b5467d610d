package partnerships

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Request is a reseller's wish to be an account's partner. Profile and Until are
// what it proposes, a shipped profile and an end; empty: nothing.
type Request struct {
	command.Command
	Customer uuid.UUID
	Profile  string
	Until    time.Time
	Note     string
}

// Request asks an account, whose UID the reseller knows, for a partnership. It needs
// partners.edit in the reseller's account, which is the one acted for. While a
// request waits, another changes nothing.
//
// The answer tells nothing of the account: whatever the UID is of, also of nothing, of
// a closed account or of a reseller's, the request is recorded and waits. Nobody is
// told of those, and nobody answers them.
func (s *Service) Request(ctx context.Context, caller access.Caller, c Request) (command.Receipt, error) {
	reseller := caller.Account()
	if reseller == uuid.Nil && caller.Operator() {
		return command.Receipt{}, domain.Refuse(access.AccountRequired)
	}
	req := s.access.Request(caller)
	if err := requireChoice(ctx, req, reseller, c.Command); err != nil {
		return command.Receipt{}, err
	}
	own, err := req.Account(ctx, reseller)
	switch {
	case err != nil:
		return command.Receipt{}, err
	case own.Type != account.Reseller:
		return command.Receipt{}, domain.Refuse(notAReseller())
	case own.Status == account.Closed:
		return command.Receipt{}, domain.Refuse(access.AccountClosed)
	}
	note, invalid := command.Note(c.Note)
	if len(invalid) > 0 {
		return command.Receipt{}, domain.Refuse(domain.At("/note", invalid)...)
	}
	proposal := partnership.Proposal{Reseller: reseller, Customer: c.Customer, Profile: c.Profile, Until: c.Until, Note: note}
	env := s.executor.Begin(caller.Actor, c.Command)
	return command.Receive(command.Execute(ctx, env, between(reseller, c.Customer), func(p partnership.State) ([]domain.Event, error) {
		events, err := partnership.DecideRequest(p, proposal, env.At)
		return events, pointed(err)
	}))
}

// requestRight is the one that both sides of a request need in their own accounts.
const requestRight = rights.PartnersEdit
