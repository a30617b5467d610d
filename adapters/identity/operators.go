package identity

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/postgres/operators"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

// Operators find tokens of operators by their credential, ended ones included, else
// query.ErrNotFound.
type Operators interface {
	Find(ctx context.Context, credential uuid.UUID) (operators.Token, error)
}

// operatorTokens knows the configured token and those in the store.
type operatorTokens struct {
	configured uuid.UUID
	store      Operators // nil: there are no others
	// last is what the store said of the configured token: it counts while the
	// database is down.
	last atomic.Pointer[operators.Token]
}

// actor is whose a token is, as long as it is good; else query.ErrNotFound.
func (t *Tokens) actor(ctx context.Context, credential uuid.UUID) (domain.Actor, error) {
	o := &t.operators
	known, err := operators.Token{Name: operators.Main}, query.ErrNotFound
	if o.store != nil {
		known, err = o.store.Find(ctx, credential)
	}
	if credential == o.configured {
		switch {
		case err == nil:
			o.last.Store(&known)
		case errors.Is(err, query.ErrNotFound):
			o.last.Store(nil)
			return access.OperatorActor, nil
		case errors.Is(err, query.ErrUnavailable):
			if known, err = (operators.Token{Name: operators.Main}), nil; o.last.Load() != nil {
				known = *o.last.Load()
			}
		}
	}
	switch {
	case errors.Is(err, query.ErrNotFound):
		return domain.Actor{}, err
	case err != nil:
		return domain.Actor{}, fmt.Errorf("authenticate an operator: %w", err)
	case !known.Usable(t.clock.Now()):
		return domain.Actor{}, query.ErrNotFound
	}
	return domain.Actor{Kind: domain.ActorOperator, ID: known.Name}, nil
}

// operator is the caller with the token of an operator.
func (t *Tokens) operator(ctx context.Context, credential uuid.UUID) (access.Caller, error) {
	actor, err := t.actor(ctx, credential)
	if err != nil {
		return person(access.Caller{}, err)
	}
	return access.Caller{Actor: actor, Credential: credential}, nil
}
