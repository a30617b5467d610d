package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// AddExternalAccount gives an account access to a service elsewhere. Secret is
// never told again.
type AddExternalAccount struct {
	Command
	Account         uuid.UUID
	Kind            account.ExternalKind
	Label, Endpoint string
	Secret          string
}

// AddExternalAccount adds an external account. It needs account.edit, as the
// account's own choice.
func (a *App) AddExternalAccount(ctx context.Context, caller access.Caller, c AddExternalAccount) (Written, error) {
	if err := a.ownChoice(ctx, caller, c.Account, c.Command); err != nil {
		return Written{}, err
	}
	w := a.write(caller, c.Command)
	x, problems := readExternal(w, &c.Label, &c.Endpoint, &c.Secret)
	if c.Kind != account.SubscriptionManagement && c.Kind != account.SMS {
		problems = append(problems, domain.Problem{Code: account.CodeExternalKind, Pointer: "/kind", Detail: "The kind is subscription_management or sms."})
	}
	if len(problems) > 0 {
		return Written{}, domain.Refuse(problems...)
	}
	x.UID, x.Kind = w.derive("external account"), c.Kind
	return a.oneExternal(ctx, w, external{
		account: c.Account, uid: x.UID, has: account.State.Exists, secret: c.Secret,
		decide: func(s account.State) ([]domain.Event, []domain.Problem) {
			return account.DecideAddExternalAccount(s, x)
		},
	})
}

// EditExternalAccount changes what is not nil. IfRevision is the account's.
type EditExternalAccount struct {
	Command
	Account, ExternalAccount uuid.UUID
	Label, Endpoint, Secret  *string
	IfRevision               *eventlog.Revision
}

// EditExternalAccount changes an external account, all or nothing, with the
// rights of AddExternalAccount.
func (a *App) EditExternalAccount(ctx context.Context, caller access.Caller, c EditExternalAccount) (Written, error) {
	if err := a.ownChoice(ctx, caller, c.Account, c.Command); err != nil {
		return Written{}, err
	}
	w := a.write(caller, c.Command)
	x, problems := readExternal(w, c.Label, c.Endpoint, c.Secret)
	if len(problems) > 0 {
		return Written{}, domain.Refuse(problems...)
	}
	x.UID = c.ExternalAccount
	edit := external{
		account: c.Account, uid: x.UID, has: hasExternal(x.UID), ifRevision: c.IfRevision,
		decide: func(s account.State) ([]domain.Event, []domain.Problem) {
			return account.DecideEditExternalAccount(s, x)
		},
	}
	if c.Secret != nil {
		edit.secret = *c.Secret
	}
	return a.oneExternal(ctx, w, edit)
}

// RemoveExternalAccount takes an external account away.
type RemoveExternalAccount struct {
	Command
	Account, ExternalAccount uuid.UUID
	IfRevision               *eventlog.Revision
}

// RemoveExternalAccount removes an external account and forgets its secret, with
// the rights of AddExternalAccount.
func (a *App) RemoveExternalAccount(ctx context.Context, caller access.Caller, c RemoveExternalAccount) (Written, error) {
	if err := a.ownChoice(ctx, caller, c.Account, c.Command); err != nil {
		return Written{}, err
	}
	return a.oneExternal(ctx, a.write(caller, c.Command), external{
		account: c.Account, uid: c.ExternalAccount, has: hasExternal(c.ExternalAccount), ifRevision: c.IfRevision,
		decide: func(s account.State) ([]domain.Event, []domain.Problem) {
			return account.DecideRemoveExternalAccount(s, c.ExternalAccount)
		},
	})
}

func hasExternal(uid uuid.UUID) func(account.State) bool {
	return func(s account.State) bool {
		_, known := s.ExternalAccount(uid)
		return known
	}
}

// ownChoice is what a command checks first that needs account.edit and that no
// partner decides for the account.
func (a *App) ownChoice(ctx context.Context, caller access.Caller, uid uuid.UUID, c Command) error {
	if err := c.check(); err != nil {
		return err
	}
	if err := a.access(caller).write(ctx, uid, rights.AccountEdit); err != nil {
		return err
	}
	if !caller.Operator() && caller.Own() != uid {
		return &access.Forbidden{Right: rights.AccountEdit, Account: uid}
	}
	return nil
}

// readExternal checks what is not nil and gives all problems at once.
func readExternal(w write, label, endpoint, secret *string) (x account.ExternalAccount, problems []domain.Problem) {
	var p []domain.Problem
	if label != nil {
		x.Label, p = account.NormaliseLabel(*label)
		problems = append(problems, at("/label", p)...)
	}
	if endpoint != nil {
		x.Endpoint, p = account.NormaliseEndpoint(*endpoint)
		problems = append(problems, at("/endpoint", p)...)
	}
	if secret != nil {
		x.Credential = secretOf(w)
		problems = append(problems, at("/secret", account.CheckSecret(*secret))...)
	}
	return x, problems
}

// external is a change of one of an account's external accounts. A secret comes
// with it unless it is empty.
type external struct {
	account, uid uuid.UUID
	has          func(account.State) bool
	decide       func(account.State) ([]domain.Event, []domain.Problem)
	secret       string
	ifRevision   *eventlog.Revision
}

// oneExternal carries out a change. Its secret is kept before the event that
// names it, and only where the change is allowed.
func (a *App) oneExternal(ctx context.Context, w write, c external) (Written, error) {
	ch := partChange(c.account, c.has, c.decide)
	ch.ifRevision = c.ifRevision
	if c.secret != "" {
		r, err := judge(ctx, a, w, ch.change, a.plan())
		if err = refusal(ch.missing(r, err), r.problems); err != nil {
			return Written{}, err
		}
		if len(r.events) > 0 { // else it was all done before
			if err := a.secrets.Put(ctx, secretOf(w), c.account, c.secret); err != nil {
				return Written{}, err
			}
		}
	}
	r, err := carryOut(ctx, a, w, ch.change)
	if err = ch.missing(r, err); err != nil {
		return Written{}, err
	}
	if r.done {
		a.settleSecrets(ctx, r.events)
	}
	return r.written(c.uid)
}
