package app

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// ErasePerson forgets a person for good: name and e-mail read "erased" from
// then on, in the log and in everything made of it. It is the operator's.
// Erasing again changes nothing and gives the account's revision of now.
//
// The events come first: from then on nothing shows the person any more, and the
// sessions and tokens of one who was a user are refused. What signing in needed
// goes next, the key last. Died in between, the Processes do the rest; the other
// way round nobody would know that there is something to finish. The person's
// address stays taken on the platform as long as the account would have kept it.
func (a *App) ErasePerson(ctx context.Context, caller access.Caller, person uuid.UUID, c Command) (Written, error) {
	if err := operatorOnly(caller, rights.AccountsManage); err != nil {
		return Written{}, err
	}
	if err := c.check(); err != nil {
		return Written{}, err
	}
	written, err := a.eraseEverywhere(ctx, a.write(caller, c), person)
	if err != nil {
		return Written{}, err
	}
	return written, a.destroySecrets(ctx, person)
}

// destroySecrets ends an erasure.
func (a *App) destroySecrets(ctx context.Context, person uuid.UUID) error {
	if err := a.people.Store.Forget(ctx, person); err != nil {
		return err
	}
	return a.persons.Erase(ctx, person)
}

// eraseEverywhere records the erasure in all streams that name the person, as
// far as that was not done yet, ErrNotFound when none does.
func (a *App) eraseEverywhere(ctx context.Context, w write, person uuid.UUID) (Written, error) {
	streams, err := a.persons.NamedIn(ctx, person)
	if err != nil {
		return Written{}, err
	}
	written, err := Written{}, query.ErrNotFound
	for _, stream := range streams {
		one, failed := a.eraseIn(ctx, w, stream, person)
		if errors.Is(failed, query.ErrNotFound) { // an append that was not to be
			continue
		}
		if failed != nil {
			return Written{}, failed
		}
		written, err = one, nil
	}
	return written, err
}

// eraseIn forgets a person named in a stream, ErrNotFound when it is not.
func (a *App) eraseIn(ctx context.Context, w write, stream string, person uuid.UUID) (Written, error) {
	uid, ok := uidOf(stream)
	switch {
	case ok && strings.HasPrefix(stream, accountPrefix):
		return a.erase(ctx, w, uid, person)
	case ok && strings.HasPrefix(stream, userPrefix):
		return a.eraseUser(ctx, w, uid)
	case ok && strings.HasPrefix(stream, auditPrefix):
		return a.changeAudit(ctx, w, uid, nil, audit.DecideErase)
	}
	return Written{}, query.ErrNotFound
}

// eraseUser forgets who a user is. The address is free again, since nothing
// could tell any more that it was taken; the event says which it was, should the
// command die before it lets go of it.
func (a *App) eraseUser(ctx context.Context, w write, uid uuid.UUID) (Written, error) {
	r, err := carryOut(ctx, a, w, userChange(uid, func(s user.State) ([]domain.Event, []domain.Problem) {
		held := ""
		for _, key := range reservationsOfUser(s) {
			held = key.Stream
		}
		return user.DecideErase(s, held)
	}))
	if err != nil {
		return Written{}, err
	}
	if r.state.Status == "" {
		return Written{}, query.ErrNotFound
	}
	return r.written(uid)
}

// erase forgets a person named in an account, ErrNotFound when it is not.
func (a *App) erase(ctx context.Context, w write, uid, person uuid.UUID) (Written, error) {
	written, err := a.oneAccount(ctx, w, uid, nil, func(s account.State) ([]domain.Event, []domain.Problem) {
		email, _ := emailOf(s)
		return account.DecideErase(s, person, email.Stream)
	})
	refusal, ok := errors.AsType[*domain.Refusal](err)
	if ok && refusal.Problems[0].Code == account.CodePersonNotFound {
		return Written{}, query.ErrNotFound
	}
	return written, err
}
