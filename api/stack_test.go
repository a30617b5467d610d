package api_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/adapters/eventstoredb"
	"github.com/fleetledger/fleetledger/adapters/identity"
	"github.com/fleetledger/fleetledger/adapters/jobs"
	"github.com/fleetledger/fleetledger/adapters/passwords"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/externalsecrets"
	"github.com/fleetledger/fleetledger/adapters/postgres/operations"
	"github.com/fleetledger/fleetledger/adapters/postgres/people"
	"github.com/fleetledger/fleetledger/adapters/postgres/personkeys"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/projections"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

// stack is the whole service behind the API: event node, database, use cases,
// read models, jobs.
type stack struct {
	*client
	t      *testing.T
	node   *eventnodetest.Restartable
	app    *app.App
	clock  *handClock
	tokens *postgres.Tokens
}

type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newStack(t *testing.T) *stack {
	t.Helper()
	return stackOn(t, pgtest.Pool(t))
}

// stackOn runs the service on a database of the test's choice; its event node
// has another one. change changes what it is made of.
func stackOn(t *testing.T, pool *pgxpool.Pool, change ...func(*app.Dependencies, *api.Options)) *stack {
	t.Helper()
	s := &stack{t: t, node: eventnodetest.NewRestartable(t), clock: &handClock{now: now}, tokens: postgres.NewTokens(pool)}
	s.node.Start()
	key := sealing.NewKey()
	persons, err := personkeys.Open(t.Context(), pool, key)
	must(t, err)
	log, err := eventstoredb.Open(t.Context(), eventstoredb.Options{SocketPath: s.node.SocketPath(), Persons: persons})
	must(t, err)
	t.Cleanup(func() { _ = log.Close() })
	source, err := eventlog.Source(t.Context(), log, s.clock)
	must(t, err)
	queue, err := jobs.New(jobs.Options{Pool: pool, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	store := operations.NewStore(pool, queue.StartOperation)
	hasher, err := passwords.New()
	must(t, err)
	var runner *projections.Runner
	wait := func(ctx context.Context, names []string, p eventlog.Position) error {
		return runner.WaitFor(ctx, names, p)
	}
	d, o := app.Dependencies{
		Log: log, Reader: fleet.NewReader(pool, wait), Clock: s.clock, Catalogue: catalogue.Default(), Rules: device.DefaultRules,
		Windows: query.DefaultWindows, Operations: store, Persons: persons, Secrets: externalsecrets.NewStore(pool, key), Secret: []byte("secret of this test"), Logger: slog.New(slog.DiscardHandler),
		People: app.People{
			Store: people.NewStore(pool), Passwords: hasher, SessionLifetime: 12 * time.Hour, PasswordMinimum: 12,
			SignIns: app.SignInLimits{PerEmail: 5, PerAddress: 100, Window: 15 * time.Minute}, ResetTime: time.Hour, Resets: queue,
		},
	}, options(nil)
	for _, c := range change {
		c(&d, &o)
	}
	s.app = app.New(d)
	follow := func(name string, prefixes []string, from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error) {
		return eventstoredb.NewSubscriber(log, eventstoredb.SubscriberOptions{
			FollowOptions: eventstoredb.FollowOptions{Name: name, Prefixes: prefixes}, From: from,
		})
	}
	spanning := s.app.Processes()
	runner, err = projections.New(projections.Options{
		Pool: pool, Follow: follow, Log: log, Awaited: eventlog.Awaited, Source: source, Logger: slog.New(slog.DiscardHandler),
	}, []projections.Projection{fleet.Projection()}, []projections.Process{
		{Name: spanning.Name(), Prefixes: spanning.Prefixes(), Handle: spanning.HandleBatch},
	})
	must(t, err)
	must(t, runner.Prepare(t.Context()))
	inBackground(t, runner.Run)
	must(t, queue.Start(t.Context(), s.app, store))
	t.Cleanup(func() { _ = queue.Stop(context.Background()) }) // fails where a test took the database away

	o.App = s.app
	authenticator, err := identity.New(operatorToken, s.tokens, s.app, s.clock)
	must(t, err)
	o.Authenticator, o.Clock = authenticator, s.clock
	s.client = newClient(t, keys(o, postgres.NewIdempotencyKeys(pool, time.Minute, 24*time.Hour))).as(operatorToken)
	return s
}

// inBackground runs something until the test ends.
func inBackground(t *testing.T, run func(context.Context) error) {
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

// signIn makes a token as `token create` does, and the client that uses it.
func (s *stack) signIn(account, profile string) *client {
	s.t.Helper()
	secret := uuid.NewString()
	must(s.t, s.tokens.Create(s.t.Context(), postgres.Token{
		ID: uuid.New(), Hash: postgres.HashToken(secret), Account: uuid.MustParse(account),
		Administrator: profile == "", Profile: profile, CreatedAt: now,
	}))
	return s.as(secret)
}

// reseller opens a reseller account and signs its administrator in.
func (s *stack) reseller(name string) (uid string, c *client) {
	s.t.Helper()
	got := s.post("/v1/accounts", fmt.Sprintf(`{"name":%q,"type":"reseller","administrator":{"email":"admin@%s.example","name":"R"}}`, name, uuid.NewString())).is(201)
	uid = into[openapi.CreatedAccount](got).Uid.String()
	return uid, s.signIn(uid, "")
}

// customerOf opens a customer's account; position is where that was.
func (s *stack) customerOf(reseller *client, name string) (uid, position string) {
	s.t.Helper()
	got := reseller.post("/v1/customers", fmt.Sprintf(`{"name":%q,"administrator":{"email":"admin@%s.example"}}`, name, uuid.NewString())).is(201)
	return into[openapi.CreatedAccount](got).Uid.String(), got.header.Get("X-Position")
}

// fullAccess lets the reseller do everything in the customer's account.
func (s *stack) fullAccess(reseller, customer string) {
	s.t.Helper()
	s.signIn(customer, "").send("PATCH", "/v1/accounts/"+customer+"/partners/"+reseller, `{"profile":"full"}`).is(200)
}

// imei makes the nth valid IMEI of the test range.
func imei(n int) string {
	digits := fmt.Sprintf("0044%010d", n)
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return digits + fmt.Sprint((10-sum%10)%10)
}

func mp70(n int) string { return fmt.Sprintf("LD%014d", n) }
