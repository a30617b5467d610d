// Package identity finds out who a bearer token stands for: the operator, by
// the token of the installation, a user, by a session's token or a personal one,
// an auditor, by the token of a grant, or an account, by a token made for it.
package identity

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// ErrUnknownToken says that there is no such token, or one that was revoked or has expired; the
// answer does not tell which.
var ErrUnknownToken = errors.New("token is not known or no longer valid")

// TokenStore finds the tokens of accounts by the hash of the secret, else
// postgres.ErrTokenUnknown.
type TokenStore interface {
	FindByHash(ctx context.Context, hash []byte) (postgres.Token, error)
}

// People find the user of a session's token or of a personal one, and the auditor
// of a grant's, else app.ErrNotFound, and what the profile of an account's token
// gives.
type People interface {
	SessionCaller(ctx context.Context, token string) (app.Caller, error)
	TokenCaller(ctx context.Context, token string) (app.Caller, error)
	AuditCaller(ctx context.Context, token string) (app.Caller, error)
	// ProfileRights is what a profile of an account gives, nothing when it is no
	// more.
	ProfileRights(ctx context.Context, account uuid.UUID, id string) (rights.Set, error)
}

// Tokens authenticates bearer tokens.
type Tokens struct {
	operator [sha256.Size]byte
	store    TokenStore
	people   People
	clock    app.Clock
}

// New makes the authenticator. operatorToken must not be empty.
func New(operatorToken string, store TokenStore, people People, clock app.Clock) (*Tokens, error) {
	if operatorToken == "" {
		return nil, errors.New("identity: the operator token is empty")
	}
	return &Tokens{operator: sha256.Sum256([]byte(operatorToken)), store: store, people: people, clock: clock}, nil
}

// Authenticate finds the caller of a token, else ErrUnknownToken, or
// app.ErrReadModelUnavailable when the store does not answer.
func (t *Tokens) Authenticate(ctx context.Context, token string) (app.Caller, error) {
	hash := sha256.Sum256([]byte(token))
	// Comparing hashes takes the same time whatever the token, and however long.
	if subtle.ConstantTimeCompare(hash[:], t.operator[:]) == 1 {
		return app.Caller{Actor: domain.Actor{Kind: domain.ActorOperator, ID: "operator"}}, nil
	}
	switch {
	case strings.HasPrefix(token, app.SessionPrefix):
		return person(t.people.SessionCaller(ctx, token))
	case strings.HasPrefix(token, app.PersonalPrefix):
		return person(t.people.TokenCaller(ctx, token))
	case strings.HasPrefix(token, app.AuditPrefix):
		return person(t.people.AuditCaller(ctx, token))
	}
	known, err := t.store.FindByHash(ctx, postgres.HashToken(token))
	switch {
	case errors.Is(err, postgres.ErrTokenUnknown):
		return app.Caller{}, ErrUnknownToken
	case postgres.IsUnavailable(err):
		return app.Caller{}, errors.Join(app.ErrReadModelUnavailable, err)
	case err != nil:
		return app.Caller{}, fmt.Errorf("authenticate: %w", err)
	case !known.Usable(t.clock.Now()):
		return app.Caller{}, ErrUnknownToken
	}
	given, err := t.rightsOf(ctx, known)
	if err != nil {
		return app.Caller{}, err
	}
	return app.Caller{
		Actor:         domain.Actor{Kind: domain.ActorToken, ID: known.ID.String(), Account: known.Account},
		Administrator: known.Administrator,
		Rights:        given,
	}, nil
}

func person(c app.Caller, err error) (app.Caller, error) {
	if errors.Is(err, app.ErrNotFound) {
		return app.Caller{}, ErrUnknownToken
	}
	return c, err
}

// rightsOf gives none for a profile that is not known: denied by default.
func (t *Tokens) rightsOf(ctx context.Context, known postgres.Token) (rights.Set, error) {
	if known.Administrator {
		return rights.Administrator(), nil
	}
	if p, shipped := rights.Find(known.Profile); shipped {
		return p.Rights, nil
	}
	return t.people.ProfileRights(ctx, known.Account, known.Profile)
}
