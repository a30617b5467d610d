// Package identity finds the caller that a bearer token stands for: the operator
// (the token of the installation), a user (the token of a session, or a personal
// one), an auditor (the token of a grant) or an account (a token made for it).
package identity

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/operators"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// ErrUnknownToken says that there is no such token, or that it was revoked or has
// expired; the answer does not tell which.
var ErrUnknownToken = errors.New("token is not known or no longer valid")

// TokenStore finds the tokens of accounts by the hash of the secret, else
// postgres.ErrTokenUnknown.
type TokenStore interface {
	FindByHash(ctx context.Context, hash []byte) (ports.AccountToken, error)
}

// Callers are where the callers of tokens that are not an account's come from.
// Each gives query.ErrNotFound for a token that nobody has, or no longer.
type Callers struct {
	People   People
	Audits   Audits
	Profiles Profiles
	// Operators are those beside the configured one; nil: none.
	Operators Operators
}

// People find the user of a session's token and of a personal one, the operator of a
// session that rests on a credential, and the auditor of a session.
type People interface {
	SessionCaller(ctx context.Context, token string) (access.Caller, error)
	OperatorCaller(ctx context.Context, token string, of access.OperatorOf) (access.Caller, error)
	AuditorCaller(ctx context.Context, token string) (access.Caller, error)
	TokenCaller(ctx context.Context, token string) (access.Caller, error)
}

// Audits find the auditor of a grant's token.
type Audits interface {
	Caller(ctx context.Context, token string) (access.Caller, error)
}

// Profiles say what a profile of an account gives, nothing when it no longer
// exists.
type Profiles interface {
	ProfileRights(ctx context.Context, account uuid.UUID, id string) (rights.Set, error)
}

// Tokens authenticates bearer tokens.
type Tokens struct {
	operators operatorTokens
	store     TokenStore
	callers   Callers
	clock     eventlog.Clock
}

// New makes the authenticator. operatorToken must not be empty.
func New(operatorToken string, store TokenStore, callers Callers, clock eventlog.Clock) (*Tokens, error) {
	if operatorToken == "" {
		return nil, errors.New("identity: the operator token is empty")
	}
	t := &Tokens{store: store, callers: callers, clock: clock}
	t.operators.configured, t.operators.store = operators.Credential(operatorToken), callers.Operators
	return t, nil
}

// Authenticate finds the caller of a token, else ErrUnknownToken, or
// query.ErrUnavailable when the store does not answer.
func (t *Tokens) Authenticate(ctx context.Context, token string) (access.Caller, error) {
	// Comparing hashes takes the same time whatever the token, and however long.
	if credential := operators.Credential(token); subtle.ConstantTimeCompare(credential[:], t.operators.configured[:]) == 1 ||
		strings.HasPrefix(token, operators.Prefix) {
		return t.operator(ctx, credential)
	}
	switch {
	case strings.HasPrefix(token, access.OperatorSessionPrefix):
		return person(t.callers.People.OperatorCaller(ctx, token, t.actor))
	case strings.HasPrefix(token, access.AuditorSessionPrefix):
		return person(t.callers.People.AuditorCaller(ctx, token))
	case strings.HasPrefix(token, access.SessionPrefix):
		return person(t.callers.People.SessionCaller(ctx, token))
	case strings.HasPrefix(token, access.PersonalPrefix):
		return person(t.callers.People.TokenCaller(ctx, token))
	case strings.HasPrefix(token, access.AuditPrefix):
		return person(t.callers.Audits.Caller(ctx, token))
	}
	known, err := t.store.FindByHash(ctx, postgres.HashToken(token))
	switch {
	case errors.Is(err, postgres.ErrTokenUnknown):
		return access.Caller{}, ErrUnknownToken
	case err != nil:
		return access.Caller{}, fmt.Errorf("authenticate: %w", err)
	case !known.Usable(t.clock.Now()):
		return access.Caller{}, ErrUnknownToken
	}
	given, err := t.rightsOf(ctx, known)
	if err != nil {
		return access.Caller{}, err
	}
	return access.Caller{
		Actor:         domain.Actor{Kind: domain.ActorToken, ID: known.ID.String(), Account: known.Account},
		Administrator: known.Administrator,
		Rights:        given,
	}, nil
}

func person(c access.Caller, err error) (access.Caller, error) {
	if errors.Is(err, query.ErrNotFound) {
		return access.Caller{}, ErrUnknownToken
	}
	return c, err
}

// rightsOf gives none for a profile that is not known: denied by default.
func (t *Tokens) rightsOf(ctx context.Context, known ports.AccountToken) (rights.Set, error) {
	if known.Administrator {
		return rights.Administrator(), nil
	}
	if p, shipped := rights.Find(known.Profile); shipped {
		return p.Rights, nil
	}
	return t.callers.Profiles.ProfileRights(ctx, known.Account, known.Profile)
}
