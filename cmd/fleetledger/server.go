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
	"github.com/fleetledger/fleetledger/adapters/postgres/operators"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/web"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Idempotency keys: how long a request holds its key after its process has died,
// and how long answers are kept.
const (
	keyLock = 5 * time.Second
	keyKeep = 24 * time.Hour
)

// newServer makes the HTTP edge of an engine.
func newServer(ctx context.Context, e *engine, c *Config, edge edgeConfig, operatorToken string, registry *prometheus.Registry, logger *slog.Logger) (*api.Server, error) {
	tokens, err := identity.New(operatorToken, postgres.NewTokens(e.pool), identity.Callers{People: e.app.People, Audits: e.app.Audits, Profiles: e.app.Access, Operators: operators.NewStore(e.pool)}, e.clock)
	if err != nil {
		return nil, err
	}
	windows, err := parseWindows(c.Windows)
	if err != nil {
		return nil, err
	}
	proxies, err := edge.proxies()
	if err != nil {
		return nil, err
	}
	keys := postgres.NewIdempotencyKeys(e.pool, keyLock, keyKeep, c.KeysPerAccount)
	if c.DatabaseURL == "" {
		// Only this process uses the database: what the one before left half done
		// need not wait.
		if err := errors.Join(keys.Unlock(ctx), e.jobs.Resume(ctx)); err != nil {
			return nil, err
		}
	}
	fingerprints, err := e.fingerprints(ctx)
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
		Epoch:          e.identity.Epoch,
		Rules:          c.rules(),
		Windows:        windows,
		FingerprintKey: fingerprints,
		PublicURL:      strings.TrimSuffix(c.PublicURL, "/"),
		Pages: func(handler http.Handler, room api.Room) (http.Handler, error) {
			return web.New(web.Options{
				API: handler, Room: room, PublicURL: strings.TrimSuffix(c.PublicURL, "/"), Clock: e.clock, Logger: logger,
				Issuer: c.OIDCIssuer != "", Passkeys: e.passkeys,
			})
		},
		TrustedProxies: proxies,
		MetricsAccess:  api.MetricsAccess{Token: edge.MetricsToken, Elsewhere: edge.MetricsListen != ""},
		Registry:       registry,
		Tracing:        c.tracedRequests(),

		RequestsPerMinute: c.RequestsPerMinute, RequestsAtOnce: c.RequestsAtOnce,
		Logger: logger,
	})
}

// fingerprints is the key of the fingerprints of requests, and of the ids of commands
// that follow from them. It was made of the installation's key, and stays when that is
// rotated: the repeat of a request is still the same command.
func (s *stores) fingerprints(ctx context.Context) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, s.keys.InForce(), nil, "fingerprints of requests", sealing.KeySize)
	if err != nil {
		return nil, err
	}
	return s.ring.Adopt(ctx, "fingerprints", key)
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
		followers = api.Check{Name: "projections", Detail: strings.Join(h.runner.UnfitFollowers(), "\n"), Why: err.Error()}
	}
	database := "does not answer"
	if h.starved != nil && h.starved() {
		database = "disk full"
	}
	return []api.Check{
		check("database", database, h.pool.Ping(ctx)),
		h.eventStore(ctx),
		followers,
	}
}

// eventStore checks that the log can be read and, where appends went wrong, written.
func (h health) eventStore(ctx context.Context) api.Check {
	const name = "eventStore"
	err := h.log.Ping(ctx)
	if err != nil && h.starved != nil && h.starved() {
		return api.Check{Name: name, Detail: "disk full"}
	}
	if err != nil {
		return api.Check{Name: name, Detail: "does not answer"}
	}
	switch err := h.log.Writable(ctx); {
	case errors.Is(err, eventlog.ErrDiskFull):
		return api.Check{Name: name, Detail: "disk full"}
	case err != nil:
		return api.Check{Name: name, Detail: "takes no events"}
	}
	return api.Check{Name: name, OK: true}
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
			LastError: s.LastError, FailedAt: s.LastErrorAt, Size: s.Size,
		}
	}
	return list, nil
}
