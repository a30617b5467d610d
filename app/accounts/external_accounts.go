package accounts

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// AddExternalAccount gives an account access to a service elsewhere. Secret is
// never told again.
type AddExternalAccount struct {
	command.Command
	Account         uuid.UUID
	Kind            account.ExternalKind
	Label, Endpoint string
	Secret          string
}

// AddExternalAccount adds an external account, whose uid the receipt has. It needs
// account.edit, as the account's own choice, and for the secret a fresh sign-in
// (access.ErrFreshSignInRequired).
func (s *Service) AddExternalAccount(ctx context.Context, caller access.Caller, c AddExternalAccount) (command.Receipt, error) {
	if err := s.requireOwnChoice(ctx, caller, c.Account, c.Command); err != nil {
		return command.Receipt{}, err
	}
	if err := s.access.Fresh(caller); err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	x, problems := readExternal(env, &c.Label, &c.Endpoint, &c.Secret)
	if c.Kind != account.SubscriptionManagement && c.Kind != account.SMS {
		problems = append(problems, externalKindInvalid())
	}
	if len(problems) > 0 {
		return command.Receipt{}, domain.Refuse(problems...)
	}
	x.UID, x.Kind = env.Derive("external account"), c.Kind
	return s.changeExternal(ctx, env, externalChange{
		account: c.Account, uid: x.UID, secret: c.Secret,
		decide: existing(func(state account.State) ([]domain.Event, error) {
			return account.DecideAddExternalAccount(state, x)
		}),
	})
}

// EditExternalAccount changes what is not nil. IfRevision is the account's.
type EditExternalAccount struct {
	command.Command
	Account, ExternalAccount uuid.UUID
	Label, Endpoint, Secret  *string
	IfRevision               *eventlog.Revision
}

// EditExternalAccount changes an external account, all or nothing, with the
// rights of AddExternalAccount; query.ErrNotFound when there is none.
func (s *Service) EditExternalAccount(ctx context.Context, caller access.Caller, c EditExternalAccount) (command.Receipt, error) {
	if err := s.requireOwnChoice(ctx, caller, c.Account, c.Command); err != nil {
		return command.Receipt{}, err
	}
	if c.Secret != nil {
		if err := s.access.Fresh(caller); err != nil {
			return command.Receipt{}, err
		}
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	x, problems := readExternal(env, c.Label, c.Endpoint, c.Secret)
	if len(problems) > 0 {
		return command.Receipt{}, domain.Refuse(problems...)
	}
	x.UID = c.ExternalAccount
	edit := externalChange{
		account: c.Account, uid: x.UID, ifRevision: c.IfRevision,
		decide: having(external(x.UID), func(state account.State) ([]domain.Event, error) {
			return account.DecideEditExternalAccount(state, x)
		}),
	}
	if c.Secret != nil {
		edit.secret = *c.Secret
	}
	return s.changeExternal(ctx, env, edit)
}

// RemoveExternalAccount takes an external account away. IfRevision is the
// account's.
type RemoveExternalAccount struct {
	command.Command
	Account, ExternalAccount uuid.UUID
	IfRevision               *eventlog.Revision
}

// RemoveExternalAccount removes an external account and forgets its secret, with
// the rights and errors of EditExternalAccount.
func (s *Service) RemoveExternalAccount(ctx context.Context, caller access.Caller, c RemoveExternalAccount) (command.Receipt, error) {
	if err := s.requireOwnChoice(ctx, caller, c.Account, c.Command); err != nil {
		return command.Receipt{}, err
	}
	return s.changeExternal(ctx, s.executor.Begin(caller.Actor, c.Command), externalChange{
		account: c.Account, uid: c.ExternalAccount, ifRevision: c.IfRevision,
		decide: having(external(c.ExternalAccount), func(state account.State) ([]domain.Event, error) {
			return account.DecideRemoveExternalAccount(state, c.ExternalAccount)
		}),
	})
}

func external(uid uuid.UUID) func(account.State) bool {
	return func(state account.State) bool {
		_, known := state.ExternalAccount(uid)
		return known
	}
}

// readExternal checks what is not nil and gives all problems at once.
func readExternal(env command.Env, label, endpoint, secret *string) (x account.ExternalAccount, problems []domain.Problem) {
	var found []domain.Problem
	if label != nil {
		x.Label, found = account.NormaliseLabel(*label)
		problems = append(problems, domain.At("/label", found)...)
	}
	if endpoint != nil {
		x.Endpoint, found = account.NormaliseEndpoint(*endpoint)
		problems = append(problems, domain.At("/endpoint", found)...)
	}
	if secret != nil {
		x.Credential = secretID(env)
		problems = append(problems, domain.At("/secret", account.CheckSecret(*secret))...)
	}
	return x, problems
}

// externalChange changes one of an account's external accounts. A secret comes
// with it unless it is empty.
type externalChange struct {
	account, uid uuid.UUID
	decide       command.Decide[account.State]
	secret       string
	ifRevision   *eventlog.Revision
}

// changeExternal carries out a change. Its secret is kept before the event that
// names it, and only where the change is allowed.
func (s *Service) changeExternal(ctx context.Context, env command.Env, c externalChange) (command.Receipt, error) {
	l, err := s.load(ctx, c.account)
	if err != nil {
		return command.Receipt{}, err
	}
	on := command.Loaded(account.Aggregate, l).Shown().If(c.ifRevision)
	if c.secret != "" && !env.Command.DryRun {
		r, err := command.DryRun(ctx, env, on, c.decide)
		if err != nil {
			return command.Receipt{}, err
		}
		if len(r.Events) > 0 { // else it was all done before
			if err := s.secrets.Put(ctx, secretID(env), c.account, c.secret); err != nil {
				return command.Receipt{}, err
			}
		}
	}
	r, err := command.Execute(ctx, env, on, c.decide)
	if err != nil {
		return command.Receipt{}, err
	}
	if r.Done && !env.Command.DryRun {
		s.settleSecrets(ctx, r.Events)
	}
	receipt := r.Receipt()
	receipt.UID = c.uid
	return receipt, nil
}
