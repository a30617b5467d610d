package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fleetledger/fleetledger/adapters/clock"
	"github.com/fleetledger/fleetledger/adapters/eventstoredb"
	"github.com/fleetledger/fleetledger/adapters/jobs"
	"github.com/fleetledger/fleetledger/adapters/mail"
	"github.com/fleetledger/fleetledger/adapters/passwords"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/analysts"
	"github.com/fleetledger/fleetledger/adapters/postgres/mails"
	"github.com/fleetledger/fleetledger/adapters/postgres/operations"
	peoplestore "github.com/fleetledger/fleetledger/adapters/postgres/people"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/notices"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/projections"
	"github.com/fleetledger/fleetledger/projections/fleet"
)

// engine is the service without its HTTP edge: the use cases on the stores, the
// read models and reactions that follow the log, and the jobs.
type engine struct {
	*stores
	clock      *clock.Shifted
	sandbox    *clock.Sandbox
	runner     *projections.Runner
	app        *app.App
	jobs       *jobs.Jobs
	operations *operations.Store
	passwords  *passwords.Hasher
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newEngine puts the parts together. Nothing runs yet.
func newEngine(ctx context.Context, c *Config, s *stores, logger *slog.Logger, metrics prometheus.Registerer) (*engine, error) {
	e := &engine{stores: s, clock: new(clock.Shifted)}
	// A database that was a sandbox keeps its time, whoever opens it: going back
	// would put what has happened into the future.
	var err error
	if e.sandbox, err = clock.NewSandbox(ctx, s.pool, e.clock); err != nil {
		return nil, err
	}
	source, err := eventlog.Source(ctx, s.log, e.clock)
	if err != nil {
		return nil, err
	}
	secret, err := postgres.Secret(ctx, s.pool, "invitations", 32)
	if err != nil {
		return nil, err
	}
	windows, err := parseWindows(c.Windows)
	if err != nil {
		return nil, err
	}
	if e.passwords, err = passwords.New(); err != nil {
		return nil, err
	}
	mailer, delivery, err := e.mail(c, logger)
	if err != nil {
		return nil, err
	}
	// Jobs and reactions call the app; the app's stores start jobs and wait for
	// the runner. So each is looked up only when it is called.
	e.jobs, err = jobs.New(jobs.Options{
		Pool: s.pool, Clock: e.clock, Logger: logger, DueEvery: c.DueEvery, Chores: e.chores(), ChoresEvery: c.TidyEvery, Mails: delivery,
	})
	if err != nil {
		return nil, err
	}
	e.operations = operations.NewStore(s.pool, e.jobs.QueueChunk)
	d := e.dependencies(c, windows, secret, logger)
	d.Notices = c.notices(mailer)
	e.app = app.New(d)
	readModel := fleet.Projection()
	readModel.Views = fleet.Analytics{Rules: c.rules(), Windows: windows, Role: analysts.Group}.Views()
	e.runner, err = projections.New(projections.Options{
		Pool: s.pool, Follow: e.follow, Log: s.log, Awaited: eventlog.Awaited, Source: source, Logger: logger, Metrics: metrics,
	}, []projections.Projection{readModel}, e.reactions(mailer, strings.TrimSuffix(c.PublicURL, "/")))
	return e, err
}

func (e *engine) dependencies(c *Config, windows query.Windows, secret []byte, logger *slog.Logger) app.Dependencies {
	warnDays, _ := parseWarnings(c.Warnings) // validated
	d := app.Dependencies{
		WarnDays:  warnDays,
		Log:       e.log,
		Reader:    fleet.NewReader(e.pool, e.waitFor),
		Clock:     e.clock,
		Catalogue: catalogue.Default(), Rules: c.rules(), Windows: windows,
		AutomaticOrders: c.RenewalOrders == "automatic",
		PlanLife:        time.Duration(c.PlanHours) * time.Hour,
		AuditLife:       time.Duration(c.AuditDays) * 24 * time.Hour,
		Operations:      e.operations,
		Persons:         e.persons,
		Secrets:         e.secrets,
		Secret:          secret,
		People: people.Options{
			Store: peoplestore.NewStore(e.pool), Tokens: postgres.NewTokens(e.pool), Passwords: e.passwords,
			SessionLifetime: c.SessionLifetime, PasswordMinimum: c.PasswordMinimum,
			SignIns:   people.SignInLimits{PerEmail: c.SignInsByEmail, PerAddress: c.SignInsByAddress, Window: c.SignInWindow},
			ResetTime: c.PasswordResetTime, Resets: e.jobs, EmailChangeTime: c.EmailChangeTime,
			Issuer: c.issuer(), IssuerTime: c.OIDCTime,
		},
		Logger: logger,
	}
	if c.Sandbox {
		d.Sandbox = e.sandbox
	}
	return d
}

// mailer takes mails and knows what became of them.
type mailer interface {
	ports.Mailer
	ports.MailOutcomes
}

// notices are the options of the monthly notices.
func (c *Config) notices(m mailer) notices.Options {
	o := notices.Options{
		Mailer: m, Outcomes: m, PublicURL: strings.TrimSuffix(c.PublicURL, "/"), LookAhead: c.NoticeDays, Hours: c.NoticeHour,
	}
	o.Outbox, _ = m.(ports.Outbox)
	return o
}

// mail gives what takes mails: the outbox, or the mail server's queue and what
// delivers from it.
func (e *engine) mail(c *Config, logger *slog.Logger) (mailer, jobs.Deliverer, error) {
	if c.SMTPURL == "" {
		outbox, err := mail.NewOutbox(c.outbox(), c.mailFrom())
		return outbox, nil, err
	}
	server, err := mail.NewServer(c.smtp())
	if err != nil {
		return nil, nil, fmt.Errorf("FLEETLEDGER_SMTP_URL: %w", err)
	}
	store := mails.NewStore(e.pool, e.key, func(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
		return e.jobs.QueueMail(ctx, tx, id)
	})
	return store, &mail.Delivery{Mails: store, Server: server, GiveUp: c.MailGiveUp, Logger: logger}, nil
}

// chores remove from the database what nobody can ask for any more.
func (e *engine) chores() []jobs.Chore {
	store := peoplestore.NewStore(e.pool)
	byNow := func(remove func(context.Context, time.Time, int) (int64, error)) func(context.Context, int) (int64, error) {
		return func(ctx context.Context, limit int) (int64, error) { return remove(ctx, e.clock.Now(), limit) }
	}
	return []jobs.Chore{
		jobs.Remove("idempotency keys", postgres.NewIdempotencyKeys(e.pool, keyLock, keyKeep).RemoveExpired),
		jobs.Remove("own writes", postgres.NewOwnWrites(e.pool).RemoveOld),
		jobs.Remove("sessions", byNow(store.RemoveSessions)),
		jobs.Remove("attempts to sign in", byNow(store.RemoveAttempts)),
		jobs.Remove("personal tokens", byNow(store.RemoveTokens)),
		{Name: "credentials", Do: func(ctx context.Context) error { return e.app.People.ForgetCredentials(ctx) }},
		{Name: "secrets of external accounts", Do: func(ctx context.Context) error { return e.app.Accounts.ForgetSecrets(ctx) }},
	}
}

// reactions follow the log and act on it.
func (e *engine) reactions(mailer ports.Mailer, publicURL string) []projections.Reaction {
	finisher, mailings := e.app.Finisher, e.app.Mailings(mailer, publicURL)
	return []projections.Reaction{
		{Name: finisher.Name(), Prefixes: finisher.Prefixes(), Handle: finisher.HandleBatch},
		{Name: mailings.Name(), Prefixes: mailings.Prefixes(), Handle: mailings.HandleBatch, Replaces: mailings.Replaces()},
	}
}

// work is what the jobs run.
func (e *engine) work() jobs.Runner {
	return jobs.Runner{Operations: e.app.Operations, Schedule: e.app.Schedule, Resets: e.app.People}
}

func (e *engine) waitFor(ctx context.Context, names []string, p eventlog.Position) error {
	return e.runner.WaitFor(ctx, names, p)
}

// follow opens the log for one follower of the runner.
func (e *engine) follow(name string, prefixes []string, from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error) {
	return eventstoredb.NewSubscriber(e.log, eventstoredb.SubscriberOptions{
		FollowOptions: eventstoredb.FollowOptions{Name: name, Prefixes: prefixes},
		From:          from,
	})
}

// withEngine gives a command beside serve an engine for the time it takes.
func withEngine(ctx context.Context, c *Config, use func(*engine) error) error {
	s, err := attachService(ctx, c, quiet())
	if err != nil {
		return err
	}
	defer func() { _ = s.close(context.WithoutCancel(ctx)) }()
	e, err := newEngine(ctx, c, s, quiet(), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	return use(e)
}
