package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Service carries out the use cases. It is safe for concurrent use.
type Service struct {
	executor     *command.Executor
	access       *access.Control
	reader       query.Reader
	partnerships *partnerships.Service
	tokens       access.Tokens
	secrets      ports.ExternalSecrets
	operations   ports.OperationStore
	windows      query.Windows
	issuer       bool // there is one to sign in at
}

// New makes a service. Windows are the renewal windows of the Customers page;
// issuer says whether people can sign in at an OpenID Connect issuer.
func New(x *command.Executor, a *access.Control, reader query.Reader, p *partnerships.Service,
	tokens access.Tokens, secrets ports.ExternalSecrets, operations ports.OperationStore, windows query.Windows, issuer bool,
) *Service {
	return &Service{executor: x, access: a, reader: reader, partnerships: p, tokens: tokens, secrets: secrets, operations: operations, windows: windows, issuer: issuer}
}

func (s *Service) load(ctx context.Context, uid uuid.UUID) (eventlog.Loaded[account.State], error) {
	return eventlog.Load(ctx, s.executor.Log, account.Aggregate, uid)
}

// requireOwnChoice is what a command checks first that needs account.edit and that
// no partner decides for the account.
func (s *Service) requireOwnChoice(ctx context.Context, caller access.Caller, uid uuid.UUID, c command.Command) error {
	if err := c.Check(); err != nil {
		return err
	}
	return s.access.Request(caller).RequireOwnChoice(ctx, uid, rights.AccountEdit)
}

// having decides on something that an account may not have: query.ErrNotFound
// where it does not.
func having(has func(account.State) bool, decide command.Decide[account.State]) command.Decide[account.State] {
	return func(state account.State) ([]domain.Event, error) {
		if !has(state) {
			return nil, query.ErrNotFound
		}
		return decide(state)
	}
}

// existing decides on an account that must be there, else query.ErrNotFound.
func existing(decide command.Decide[account.State]) command.Decide[account.State] {
	return having(account.State.Exists, decide)
}
