// Package apitest runs the whole service behind the API for tests, in one
// process: event node, database, use cases, read models, jobs. Its clients are
// those of package client; whatever they are answered is compared with the
// description.
package apitest

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/eventstoredb"
	"github.com/fleetledger/fleetledger/adapters/identity"
	"github.com/fleetledger/fleetledger/adapters/jobs"
	"github.com/fleetledger/fleetledger/adapters/mail"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/externalsecrets"
	"github.com/fleetledger/fleetledger/adapters/postgres/operations"
	peoplestore "github.com/fleetledger/fleetledger/adapters/postgres/people"
	"github.com/fleetledger/fleetledger/adapters/postgres/personkeys"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/notices"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/projections"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

// OperatorToken is the operator's.
const OperatorToken = "operator-token"

// Now is the time that the clock of a Service begins with.
var Now = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

// Service is a running service.
type Service struct {
	Handler http.Handler
	App     *app.App
	Clock   *clocktest.Clock
	Node    *eventnodetest.Restartable
	Pool    *pgxpool.Pool // of the database; the event node has another one

	t       testing.TB
	tokens  *postgres.Tokens
	options api.Options
}

// Option changes what a Service is made of.
type Option func(*setup)

type setup struct {
	pool     *pgxpool.Pool
	log      eventstoredb.Options
	patience time.Duration
	change   func(*app.Dependencies, *api.Options)
}

// On makes the service use a database of the test's choice.
func On(pool *pgxpool.Pool) Option { return func(s *setup) { s.pool = pool } }

// CallTimeout bounds the calls to the event node.
func CallTimeout(d time.Duration) Option { return func(s *setup) { s.log.CallTimeout = d } }

// Patience bounds how long a read waits for a position that the log has not
// reached by far.
func Patience(d time.Duration) Option { return func(s *setup) { s.patience = d } }

// With changes the dependencies before the service is built.
func With(change func(*app.Dependencies, *api.Options)) Option {
	return func(s *setup) { s.change = change }
}

// Start runs a service until the test ends.
func Start(t testing.TB, options ...Option) *Service {
	t.Helper()
	made := setup{change: func(*app.Dependencies, *api.Options) {}}
	for _, option := range options {
		option(&made)
	}
	if made.pool == nil {
		made.pool = pgtest.Pool(t)
	}
	s := &Service{
		t: t, Clock: clocktest.At(Now), Node: eventnodetest.NewRestartable(t), Pool: made.pool, tokens: postgres.NewTokens(made.pool),
	}
	s.Node.Start()
	s.run(made)
	return s
}

// run makes and connects the parts.
func (s *Service) run(made setup) {
	s.t.Helper()
	key := sealing.NewKey()
	persons, err := personkeys.Open(s.t.Context(), s.Pool, key)
	must(s.t, err)
	made.log.SocketPath, made.log.Persons = s.Node.SocketPath(), persons
	log, err := eventstoredb.Open(s.t.Context(), made.log)
	must(s.t, err)
	s.t.Cleanup(func() { _ = log.Close() })
	queue, err := jobs.New(jobs.Options{Pool: s.Pool, Logger: slog.New(slog.DiscardHandler)})
	must(s.t, err)
	store := operations.NewStore(s.Pool, queue.QueueChunk)
	var runner *projections.Runner
	wait := func(ctx context.Context, names []string, p eventlog.Position) error {
		if made.patience > 0 && p.Commit > math.MaxUint32 {
			bounded, cancel := context.WithTimeout(ctx, made.patience)
			defer cancel()
			ctx = bounded
		}
		return runner.WaitFor(ctx, names, p)
	}
	d, o := app.Dependencies{
		Log: log, Reader: fleet.NewReader(s.Pool, wait), Clock: s.Clock, Catalogue: catalogue.Default(), Rules: device.DefaultRules,
		Windows: query.DefaultWindows, Operations: store, Persons: persons, Secrets: externalsecrets.NewStore(s.Pool, key),
		Secret: []byte("secret of this test"), Logger: slog.New(slog.DiscardHandler),
		People: people.Options{
			Store: peoplestore.NewStore(s.Pool), Tokens: s.tokens, Passwords: quickPasswords{}, SessionLifetime: 12 * time.Hour, PasswordMinimum: 12,
			SignIns: people.SignInLimits{PerEmail: 5, PerAddress: 100, Window: 15 * time.Minute}, ResetTime: time.Hour, Resets: queue,
			EmailChangeTime: 24 * time.Hour,
		},
	}, api.Options{
		Idempotency: postgres.NewIdempotencyKeys(s.Pool, time.Minute, 24*time.Hour), Service: wellService{}, Clock: s.Clock,
		Rules: device.DefaultRules, Windows: query.DefaultWindows,
		Registry: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
	}
	folder, err := os.MkdirTemp("", "outbox-")
	must(s.t, err)
	s.t.Cleanup(func() { _ = os.RemoveAll(folder) })
	outbox, err := mail.NewOutbox(folder, "fleetledger@localhost")
	must(s.t, err)
	d.Notices = notices.Options{Mailer: outbox, Outcomes: outbox, Outbox: outbox, PublicURL: "https://fleet.example"}
	o.OwnWrites = postgres.NewOwnWrites(s.Pool)
	made.change(&d, &o)
	s.App = app.New(d)
	runner = s.follow(log)
	inBackground(s.t, runner.Run)
	must(s.t, queue.Start(s.t.Context(), jobs.Runner{Operations: s.App.Operations, Schedule: s.App.Schedule, Resets: s.App.People}, store))
	s.t.Cleanup(func() { _ = queue.Stop(context.Background()) }) // fails where a test took the database away

	o.App = api.Over(s.App)
	o.Authenticator, err = identity.New(OperatorToken, s.tokens, identity.Callers{People: s.App.People, Audits: s.App.Audits, Profiles: s.App.Access}, s.Clock)
	must(s.t, err)
	server, err := api.NewServer(o)
	must(s.t, err)
	s.Handler, s.options = server, o
}

// Another is a second instance's edge over the same stores.
func (s *Service) Another() http.Handler {
	s.t.Helper()
	o := s.options
	o.Registry = prometheus.NewRegistry()
	server, err := api.NewServer(o)
	must(s.t, err)
	return server
}

// follow prepares the read model and the reactions, which follow the log.
func (s *Service) follow(log *eventstoredb.Store) *projections.Runner {
	s.t.Helper()
	source, err := eventlog.Source(s.t.Context(), log, s.Clock)
	must(s.t, err)
	follow := func(name string, prefixes []string, from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error) {
		return eventstoredb.NewSubscriber(log, eventstoredb.SubscriberOptions{
			FollowOptions: eventstoredb.FollowOptions{Name: name, Prefixes: prefixes}, From: from,
		})
	}
	finisher := s.App.Finisher
	runner, err := projections.New(projections.Options{
		Pool: s.Pool, Follow: follow, Log: log, Awaited: eventlog.Awaited, Source: source, Logger: slog.New(slog.DiscardHandler),
	}, []projections.Projection{fleet.Projection()}, []projections.Reaction{
		{Name: finisher.Name(), Prefixes: finisher.Prefixes(), Handle: finisher.HandleBatch},
	})
	must(s.t, err)
	must(s.t, runner.Prepare(s.t.Context()))
	return runner
}

// Token makes a token of an account as `token create` does: its
// administrator's, or one with a profile.
func (s *Service) Token(account uuid.UUID, profile string) string {
	s.t.Helper()
	secret := uuid.NewString()
	must(s.t, s.tokens.Create(s.t.Context(), ports.AccountToken{
		ID: uuid.New(), Hash: postgres.HashToken(secret), Account: account,
		Administrator: profile == "", Profile: profile, CreatedAt: Now,
	}))
	return secret
}

// wellService is always ready.
type wellService struct{}

func (wellService) Ready(context.Context) []api.Check {
	return []api.Check{{Name: "database", OK: true}}
}

func (wellService) Projections(context.Context) ([]api.ProjectionStatus, error) {
	return []api.ProjectionStatus{{Name: fleet.Name, Version: 1, State: "running"}}, nil
}

// inBackground runs something until the test ends.
func inBackground(t testing.TB, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("in the background: %v", err)
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
