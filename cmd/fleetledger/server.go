package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/adapters/identity"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/web"
)

// Idempotency keys: how long an unanswered request holds its key, and how long
// answers are kept.
const (
	keyLock = time.Minute
	keyKeep = 24 * time.Hour
)

// newServer makes the HTTP edge of an engine.
func newServer(ctx context.Context, e *engine, c *Config, operatorToken string, registry *prometheus.Registry, logger *slog.Logger) (*api.Server, error) {
	tokens, err := identity.New(operatorToken, postgres.NewTokens(e.pool), identity.Callers{People: e.app.People, Audits: e.app.Audits, Profiles: e.app.Access}, e.clock)
	if err != nil {
		return nil, err
	}
	windows, err := parseWindows(c.Windows)
	if err != nil {
		return nil, err
	}
	keys := postgres.NewIdempotencyKeys(e.pool, keyLock, keyKeep)
	if c.DatabaseURL == "" {
		// Only this process uses the database: what the one before left half done
		// need not wait.
		if err := errors.Join(keys.Unlock(ctx), e.jobs.Resume(ctx)); err != nil {
			return nil, err
		}
	}
	fingerprints, err := hkdf.Key(sha256.New, e.key, nil, "fingerprints of requests", sha256.Size)
	if err != nil {
		return nil, err
	}
	return api.NewServer(api.Options{
		App:            api.Over(e.app),
		Authenticator:  tokens,
		Idempotency:    keys,
		OwnWrites:      postgres.NewOwnWrites(e.pool),
		Service:        health{e},
		Clock:          e.clock,
		Rules:          c.rules(),
		Windows:        windows,
		FingerprintKey: fingerprints,
		PublicURL:      strings.TrimSuffix(c.PublicURL, "/"),
		Pages: func(api http.Handler) (http.Handler, error) {
			return web.New(web.Options{
				API: api, PublicURL: strings.TrimSuffix(c.PublicURL, "/"), Clock: e.clock, Logger: logger, Issuer: c.OIDCIssuer != "",
			})
		},
		Registry: registry,
		Logger:   logger,
	})
}

// health tells how the service itself is doing.
type health struct{ *engine }

// Ready checks the database, the event store and the followers of the log.
func (h health) Ready(ctx context.Context) []api.Check {
	check := func(name, detail string, err error) api.Check {
		if err != nil {
			return api.Check{Name: name, Detail: detail}
		}
		return api.Check{Name: name, OK: true}
	}
	followers := check("projections", "", nil)
	if err := h.runner.Unfit(); err != nil {
		followers = api.Check{Name: "projections", Detail: err.Error()}
	}
	return []api.Check{
		check("database", "does not answer", h.pool.Ping(ctx)),
		check("eventStore", "does not answer", h.log.Ping(ctx)),
		followers,
	}
}

// Projections lists the followers of the log.
func (h health) Projections(ctx context.Context) ([]api.ProjectionStatus, error) {
	all, err := h.runner.Status(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]api.ProjectionStatus, len(all))
	for i, s := range all {
		list[i] = api.ProjectionStatus{
			Name: s.Name, Version: s.Version, State: string(s.State), Position: s.Position,
			LagEvents: int64(s.Behind), Lag: s.Lag, UpdatedAt: s.Updated, Error: s.Error,
		}
	}
	return list, nil
}
