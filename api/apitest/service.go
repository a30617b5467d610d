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
	"net/netip"
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
	"github.com/fleetledger/fleetledger/adapters/onetime"
	"github.com/fleetledger/fleetledger/adapters/passkeys"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/checkpoints"
	"github.com/fleetledger/fleetledger/adapters/postgres/externalsecrets"
	"github.com/fleetledger/fleetledger/adapters/postgres/factors"
	"github.com/fleetledger/fleetledger/adapters/postgres/keptanswers"
	"github.com/fleetledger/fleetledger/adapters/postgres/keyring"
	"github.com/fleetledger/fleetledger/adapters/postgres/operations"
	"github.com/fleetledger/fleetledger/adapters/postgres/operators"
	peoplestore "github.com/fleetledger/fleetledger/adapters/postgres/people"
	"github.com/fleetledger/fleetledger/adapters/postgres/personkeys"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/postgres/securitylog"
	webhookstore "github.com/fleetledger/fleetledger/adapters/postgres/webhooks"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	sending "github.com/fleetledger/fleetledger/adapters/webhooks"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/notices"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	apptransparency "github.com/fleetledger/fleetledger/app/transparency"
	"github.com/fleetledger/fleetledger/app/webhooks"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/projections"
	"github.com/fleetledger/fleetledger/projections/feed"
	"github.com/fleetledger/fleetledger/projections/fleet"
	"github.com/fleetledger/fleetledger/projections/transparency"
)

// OperatorToken is the operator's.
const OperatorToken = "operator-token"

// PasskeyOrigin is what passkeys belong to.
const PasskeyOrigin = "https://fleet.example" //nolint:gosec // no secret

// Now is the time that the clock of a Service begins with.
var Now = time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)

// Service is a running service.
type Service struct {
	Handler http.Handler
	App     *app.App
	Clock   *clocktest.Clock
	Epoch   eventlog.Epoch // of the log
	Node    *eventnodetest.Restartable
	Pool    *pgxpool.Pool // of the database; the event node has another one

	t       testing.TB
	log     eventlog.Log
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
	key := sealing.NewKeys(sealing.NewKey())
	persons, err := personkeys.Open(s.t.Context(), s.Pool, key)
	must(s.t, err)
	made.log.SocketPath, made.log.Persons = s.Node.SocketPath(), persons
	log, err := eventstoredb.Open(s.t.Context(), made.log)
	must(s.t, err)
	s.t.Cleanup(func() { _ = log.Close() })
	s.log = log
	named, err := eventlog.Identify(s.t.Context(), log, s.Clock)
	must(s.t, err)
	s.Epoch = named.Epoch
	queue, err := jobs.New(jobs.Options{Pool: s.Pool, Logger: slog.New(slog.DiscardHandler)})
	must(s.t, err)
	store := operations.NewStore(s.Pool, queue.QueueChunk, s.Epoch)
	var runner *projections.Runner
	wait := func(ctx context.Context, names []string, p eventlog.Position) error {
		if made.patience > 0 && p.Commit > math.MaxUint32 {
			bounded, cancel := context.WithTimeout(ctx, made.patience)
			defer cancel()
			ctx = bounded
		}
		return runner.WaitFor(ctx, names, p)
	}
	keys, err := passkeys.New(PasskeyOrigin, "Fleetledger")
	must(s.t, err)
	d, o := app.Dependencies{
		Log: log, Reader: fleet.NewReader(s.Pool, wait), Clock: s.Clock, Catalogue: catalogue.Default(), Rules: device.DefaultRules,
		Windows: query.DefaultWindows, Operations: store, Persons: persons, Secrets: externalsecrets.NewStore(s.Pool, key),
		FreshSignIn: 10 * time.Minute,
		Feed:        feed.NewReader(s.Pool, wait),
		Secret:      []byte("secret of this test"), Pseudonyms: []byte("pseudonyms of this test"), Logger: slog.New(slog.DiscardHandler),
		Names: reservation.Names{Key: []byte("names of this test")},
		Transparency: apptransparency.Options{
			Tree: transparency.NewReader(s.Pool, wait), Log: log.Sealed(), Keys: keyring.New(s.Pool, key), Kept: checkpoints.NewStore(s.Pool),
		},
		People: people.Options{
			Store: peoplestore.NewStore(s.Pool), Tokens: s.tokens, Passwords: quickPasswords{}, SessionLifetime: 12 * time.Hour, PasswordMinimum: 12,
			SignIns: people.SignInLimits{PerEmail: 5, PerAddress: 100, Window: 15 * time.Minute}, ResetTime: time.Hour, Resets: queue, Answers: keptanswers.New(s.Pool), Operators: operators.NewStore(s.Pool),
			EmailChangeTime: 24 * time.Hour, Factors: factors.NewStore(s.Pool, key), OneTime: onetime.At("Fleetledger", s.Clock.Now), Passkeys: keys,
		},
	}, api.Options{
		Idempotency: postgres.NewIdempotencyKeys(s.Pool, time.Minute, 24*time.Hour, 0), Service: wellService{}, Clock: s.Clock, Epoch: s.Epoch,
		Rules: device.DefaultRules, Windows: query.DefaultWindows,
		Registry: prometheus.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
	}
	security, err := securitylog.New(securitylog.Options{
		Pool: s.Pool, Clock: s.Clock, Logger: slog.New(slog.DiscardHandler), Metrics: o.Registry, Keep: 90 * 24 * time.Hour,
	})
	must(s.t, err)
	d.SecurityLog = security
	folder, err := os.MkdirTemp("", "outbox-")
	must(s.t, err)
	s.t.Cleanup(func() { _ = os.RemoveAll(folder) })
	outbox, err := mail.NewOutbox(folder, "fleetledger@localhost")
	must(s.t, err)
	d.Notices = notices.Options{Mailer: outbox, Outcomes: outbox, Outbox: outbox, PublicURL: "https://fleet.example"}
	d.Webhooks = webhooks.Options{
		Store: webhookstore.NewStore(s.Pool), Encode: api.EncodeEvents("", s.Epoch), Queue: queue.QueueWebhooks, Hurry: queue.HurryWebhook, Mailer: outbox, PublicURL: "https://fleet.example",
		Sender: sending.Port{Sender: sending.NewSender(sending.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})},
		Pauses: []time.Duration{20 * time.Millisecond},
	}
	o.OwnWrites = postgres.NewOwnWrites(s.Pool)
	made.change(&d, &o)
	s.App = app.New(d)
	runner = s.follow(log, named.Source)
	inBackground(s.t, runner.Run)
	must(s.t, queue.Start(s.t.Context(), jobs.Runner{Operations: s.App.Operations, Schedule: s.App.Schedule, Resets: s.App.People, Webhooks: s.App.Webhooks}, store))
	inBackground(s.t, s.App.Webhooks.Follow)
	s.t.Cleanup(func() { _ = queue.Stop(context.Background()) }) // fails where a test took the database away

	o.App = api.Over(s.App)
	o.Authenticator, err = identity.New(OperatorToken, s.tokens, identity.Callers{People: s.App.People, Audits: s.App.Audits, Profiles: s.App.Access, Operators: operators.NewStore(s.Pool)}, s.Clock)
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

// SetBack puts the log back to where it ended before, as a restore from an older copy
// does, and leaves everything else. It gives the edge that a start makes then, in a new
// epoch.
func (s *Service) SetBack(end int64) http.Handler {
	s.t.Helper()
	s.Node.Stop()
	_, err := s.Node.Pool().Exec(s.t.Context(), `DELETE FROM eventnode.events WHERE position > $1`, end)
	must(s.t, err)
	s.Node.Start()
	s.Epoch, err = eventlog.TakeNewEpoch(s.t.Context(), s.log, s.Clock)
	must(s.t, err)
	s.options.Epoch = s.Epoch
	return s.Another()
}

// follow prepares the read model and the reactions, which follow the log.
func (s *Service) follow(log *eventstoredb.Store, source string) *projections.Runner {
	s.t.Helper()
	follow := func(name string, prefixes []string, from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error) {
		return eventstoredb.NewSubscriber(log, eventstoredb.SubscriberOptions{
			FollowOptions: eventstoredb.FollowOptions{Name: name, Prefixes: prefixes}, From: from,
		})
	}
	followSealed := func(name string, prefixes []string, from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error) {
		return eventstoredb.NewSubscriber(log, eventstoredb.SubscriberOptions{
			FollowOptions: eventstoredb.FollowOptions{Name: name, Prefixes: prefixes, Sealed: true}, From: from,
		})
	}
	finisher, reserved, security := s.App.Finisher, s.App.Reserved, s.App.Security()
	runner, err := projections.New(projections.Options{
		Pool: s.Pool, Follow: follow, Log: log, FollowSealed: followSealed, SealedLog: log.Sealed(), End: log.End, Awaited: eventlog.Awaited, Source: source, Logger: slog.New(slog.DiscardHandler),
	}, []projections.Projection{fleet.Projection(), transparency.Projection(), feed.Projection(query.DefaultWindows)}, []projections.Reaction{
		{Name: finisher.Name(), Prefixes: finisher.Prefixes(), Handle: finisher.HandleBatch},
		{Name: security.Name(), Prefixes: security.Prefixes(), Handle: security.HandleBatch},
		{Name: reserved.Name(), Prefixes: reserved.Prefixes(), Handle: reserved.HandleBatch},
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
