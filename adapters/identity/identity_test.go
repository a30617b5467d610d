package identity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/adapters/identity"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
)

var now = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

func token(t *testing.T, store *postgres.Tokens, secret string, change func(*ports.AccountToken)) ports.AccountToken {
	t.Helper()
	made := ports.AccountToken{
		ID: uuid.New(), Hash: postgres.HashToken(secret), Account: uuid.New(), Profile: "renewals", CreatedAt: now,
	}
	change(&made)
	if err := store.Create(context.Background(), made); err != nil {
		t.Fatal(err)
	}
	return made
}

func TestTokens(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	store := postgres.NewTokens(pgtest.Pool(t))
	tokens, err := identity.New("the operator's", store, callers(users{}), clocktest.At(now))
	if err != nil {
		t.Fatal(err)
	}

	operator, err := tokens.Authenticate(ctx, "the operator's")
	if err != nil || !operator.Operator() || operator.Own() != uuid.Nil {
		t.Errorf("operator: %+v, %v", operator, err)
	}

	profile := token(t, store, "profile", func(*ports.AccountToken) {})
	got, err := tokens.Authenticate(ctx, "profile")
	if err != nil || got.Operator() || got.Own() != profile.Account || got.Actor.ID != profile.ID.String() || got.Administrator {
		t.Errorf("profile: %+v, %v", got, err)
	}
	if !got.Rights.Has(rights.DevicesRenew) || got.Rights.Has(rights.DevicesTransfer) {
		t.Errorf("rights of the profile: %v", got.Rights)
	}

	token(t, store, "administrator", func(p *ports.AccountToken) { p.Administrator, p.Profile = true, "" })
	if got, err = tokens.Authenticate(ctx, "administrator"); err != nil || !got.Administrator || !got.Rights.Has(rights.DevicesRetire) ||
		got.Rights.Has(rights.AllocationsGrant) {
		t.Errorf("administrator: %+v, %v", got, err)
	}

	token(t, store, "strange", func(p *ports.AccountToken) { p.Profile = "no such profile" })
	if got, err = tokens.Authenticate(ctx, "strange"); err != nil || len(got.Rights) != 0 {
		t.Errorf("unknown profile: %+v, %v", got, err)
	}

	token(t, store, "own profile", func(p *ports.AccountToken) { p.Profile = "own" })
	if got, err = tokens.Authenticate(ctx, "own profile"); err != nil || len(got.Rights) != 1 || !got.Rights.Has(rights.DevicesEdit) {
		t.Errorf("profile of the account's own: %+v, %v", got, err)
	}
	token(t, store, "own profile, no log", func(p *ports.AccountToken) { p.Profile = "down" })
	if _, err = tokens.Authenticate(ctx, "own profile, no log"); !errors.Is(err, eventlog.ErrUnavailable) {
		t.Errorf("while the log is down: %v", err)
	}

	token(t, store, "valid", func(p *ports.AccountToken) { p.ExpiresAt = now.Add(time.Second) })
	if _, err = tokens.Authenticate(ctx, "valid"); err != nil {
		t.Errorf("not yet expired: %v", err)
	}
	token(t, store, "expired", func(p *ports.AccountToken) { p.ExpiresAt = now })
	revoked := token(t, store, "revoked", func(*ports.AccountToken) {})
	if err := store.Revoke(ctx, revoked.Account, revoked.ID, now); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "expired", "revoked", "guess", "The Operator's", string(postgres.HashToken("profile"))} {
		if _, err := tokens.Authenticate(ctx, bad); !errors.Is(err, identity.ErrUnknownToken) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestAnEmptyOperatorTokenIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := identity.New("", nil, identity.Callers{}, clocktest.At(now)); err == nil {
		t.Error("accepted")
	}
}

// The operator gets in while the database is down; others are told to wait,
// not that their token is wrong.
func TestWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	pool := server.Pool(t)
	tokens, err := identity.New("op", postgres.NewTokens(pool), identity.Callers{}, clocktest.At(now))
	if err != nil {
		t.Fatal(err)
	}
	server.Kill(t)
	if _, err := tokens.Authenticate(context.Background(), "op"); err != nil {
		t.Errorf("operator: %v", err)
	}
	if _, err := tokens.Authenticate(context.Background(), "other"); !errors.Is(err, query.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

// users are the people of a test, by token.
type users map[string]access.Caller

func callers(u users) identity.Callers {
	return identity.Callers{People: u, Audits: u, Profiles: u}
}

func (u users) SessionCaller(_ context.Context, token string) (access.Caller, error) {
	if c, ok := u[token]; ok {
		return c, nil
	}
	return access.Caller{}, query.ErrNotFound
}

func (u users) OperatorCaller(ctx context.Context, token string, _ access.OperatorOf) (access.Caller, error) {
	return u.SessionCaller(ctx, token)
}

func (u users) AuditorCaller(ctx context.Context, token string) (access.Caller, error) {
	return u.SessionCaller(ctx, token)
}

func (u users) TokenCaller(ctx context.Context, token string) (access.Caller, error) {
	if token == "flpt_down" {
		return access.Caller{}, query.ErrUnavailable
	}
	return u.SessionCaller(ctx, token)
}

// ProfileRights knows one profile of all accounts.
func (users) ProfileRights(_ context.Context, _ uuid.UUID, id string) (rights.Set, error) {
	switch id {
	case "own":
		return rights.Set{rights.DevicesEdit}, nil
	case "down":
		return nil, eventlog.ErrUnavailable
	}
	return nil, nil
}

func (u users) Caller(ctx context.Context, token string) (access.Caller, error) {
	return u.SessionCaller(ctx, token)
}

func TestTokensOfUsers(t *testing.T) {
	t.Parallel()
	session, personal := access.Caller{Session: uuid.New()}, access.Caller{Limit: rights.Set{rights.DevicesRead}}
	audits := access.Caller{Audits: []uuid.UUID{uuid.New()}}
	known := users{"fles_a": session, "flpt_b": personal, "flau_c": audits}
	tokens, err := identity.New("op", postgres.NewTokens(pgtest.Pool(t)), callers(known), clocktest.At(now))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tokens.Authenticate(t.Context(), "fles_a"); err != nil || got.Session != session.Session {
		t.Errorf("session: %+v, %v", got, err)
	}
	if got, err := tokens.Authenticate(t.Context(), "flpt_b"); err != nil || !got.Limit.Has(rights.DevicesRead) {
		t.Errorf("personal token: %+v, %v", got, err)
	}
	if got, err := tokens.Authenticate(t.Context(), "flau_c"); err != nil || len(got.Audits) != 1 {
		t.Errorf("token of an audit grant: %+v, %v", got, err)
	}
	for _, bad := range []string{"fles_", "fles_b", "flpt_a", "flau_a"} {
		if _, err := tokens.Authenticate(t.Context(), bad); !errors.Is(err, identity.ErrUnknownToken) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := tokens.Authenticate(t.Context(), "flpt_down"); !errors.Is(err, query.ErrUnavailable) {
		t.Errorf("while the database is down: %v", err)
	}
}
