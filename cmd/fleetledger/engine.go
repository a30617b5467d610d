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

	"github.com/fleetledger/fleetledger/adapters/apart"
	"github.com/fleetledger/fleetledger/adapters/clock"
	"github.com/fleetledger/fleetledger/adapters/eventstoredb"
	"github.com/fleetledger/fleetledger/adapters/jobs"
	"github.com/fleetledger/fleetledger/adapters/mail"
	"github.com/fleetledger/fleetledger/adapters/onetime"
	"github.com/fleetledger/fleetledger/adapters/passkeys"
	"github.com/fleetledger/fleetledger/adapters/passwords"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/analysts"
	"github.com/fleetledger/fleetledger/adapters/postgres/checkpoints"
	"github.com/fleetledger/fleetledger/adapters/postgres/factors"
	"github.com/fleetledger/fleetledger/adapters/postgres/installation"
	"github.com/fleetledger/fleetledger/adapters/postgres/keptanswers"
	"github.com/fleetledger/fleetledger/adapters/postgres/mails"
	"github.com/fleetledger/fleetledger/adapters/postgres/operations"
	"github.com/fleetledger/fleetledger/adapters/postgres/operators"
	peoplestore "github.com/fleetledger/fleetledger/adapters/postgres/people"
	"github.com/fleetledger/fleetledger/adapters/postgres/securitylog"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/notices"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/transfers"
	apptransparency "github.com/fleetledger/fleetledger/app/transparency"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/projections"
	"github.com/fleetledger/fleetledger/projections/feed"
	"github.com/fleetledger/fleetledger/projections/fleet"
	"github.com/fleetledger/fleetledger/projections/transparency"
)

// engine is the service without its HTTP edge: the use cases on the stores, the
// read models and reactions that follow the log, and the jobs.
type engine struct {
	*stores
	clock      *clock.Shifted
	identity   eventlog.Identity
	sandbox    *clock.Sandbox
	runner     *projections.Runner
	app        *app.App
	jobs       *jobs.Jobs
	operations *operations.Store
	passwords  *passwords.Hasher
	apart      *apart.List
	backups    *backups
	security   *securitylog.Log
	passkeys   bool // the public URL has a name that they belong to
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newEngine puts the parts together. Nothing runs yet.
func newEngine(ctx context.Context, c *Config, s *stores, logger *slog.Logger, metrics prometheus.Registerer) (*engine, error) {
	e := &engine{stores: s, clock: new(clock.Shifted), apart: apart.Open(c.apartFolders()...)}
	// A database that was a sandbox keeps its time, whoever opens it: going back
	// would put what has happened into the future.
	var err error
	if e.sandbox, err = clock.NewSandbox(ctx, s.pool, e.clock); err != nil {
		return nil, err
	}
	if e.identity, err = identify(ctx, c, s.log, e.clock); err != nil {
		return nil, err
	}
	secret, pseudonyms, err := s.ring.TokenKeys(ctx)
	if err == nil {
		err = s.forgetPlain(ctx, logger)
	}
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
	publicURL := strings.TrimSuffix(c.PublicURL, "/")
	// Jobs and reactions call the app; the app's stores start jobs and wait for
	// the runner. So each is looked up only when it is called.
	if e.backups, err = newBackups(c, s.pool, logger, metrics); err != nil {
		return nil, err
	}
	e.jobs, err = jobs.New(jobs.Options{
		Pool: s.pool, Clock: e.clock, Logger: logger, DueEvery: c.DueEvery, Chores: e.chores(mailer, publicURL, logger), ChoresEvery: c.TidyEvery, Mails: delivery,
		CheckBackup: e.backups.check, BackupCheckEvery: min(c.BackupEvery, time.Minute),
	})
	if err != nil {
		return nil, err
	}
	e.operations = operations.NewStore(s.pool, e.jobs.QueueChunk, e.identity.Epoch)
	e.security, err = securitylog.New(securitylog.Options{Pool: s.pool, Clock: e.clock, Logger: logger, Metrics: metrics, Keep: c.SecurityLogKeep})
	if err != nil {
		return nil, err
	}
	d := e.dependencies(c, windows, logger)
	d.SecurityLog = e.security
	d.Secret, d.Pseudonyms = secret, pseudonyms
	if d.Names, err = s.names(ctx); err != nil {
		return nil, err
	}
	d.People.Passkeys = c.passkeys(logger)
	e.passkeys = d.People.Passkeys != nil
	d.Notices = c.notices(mailer)
	d.Webhooks = e.webhooks(c, mailer)
	e.app = app.New(d)
	readModel := fleet.Projection()
	readModel.Views = fleet.Analytics{Rules: c.rules(), Windows: windows, Role: analysts.Group}.Views()
	e.runner, err = projections.New(projections.Options{
		Pool: s.pool, Follow: e.follow, Log: s.log, FollowSealed: e.followSealed, SealedLog: s.log.Sealed(), End: s.log.End,
		Awaited: eventlog.Awaited, Source: e.identity.Source, Logger: logger, Metrics: metrics, Tracer: c.tracing.Tracer("projections"),
	}, []projections.Projection{readModel, transparency.Projection(), feed.Projection(windows)}, e.reactions(mailer, publicURL))
	return e, err
}

func (e *engine) dependencies(c *Config, windows query.Windows, logger *slog.Logger) app.Dependencies {
	warnDays, _ := parseWarnings(c.Warnings) // validated
	d := app.Dependencies{
		WarnDays:  warnDays,
		Log:       e.log,
		Reader:    fleet.NewReader(e.pool, e.waitFor),
		Clock:     e.clock,
		Catalogue: catalogue.Default(), Rules: c.rules(), Windows: windows,
		AutomaticOrders: c.RenewalOrders == "automatic",
		Plans:           transfers.PlanLimits{Life: time.Duration(c.PlanHours) * time.Hour, Most: c.PlansPerAccount},
		FreshSignIn:     c.FreshSignIn,
		AuditLife:       time.Duration(c.AuditDays) * 24 * time.Hour,
		Operations:      e.operations, OperationsAtOnce: c.OperationsAtOnce,
		Persons: listedErasures{e.persons, e.apart},
		Secrets: e.secrets,
		Mails:   c.mails(mails.NewCounts(e.pool)),
		People: people.Options{
			Store: peoplestore.NewStore(e.pool), Tokens: postgres.NewTokens(e.pool), Passwords: e.passwords,
			SessionLifetime: c.SessionLifetime, SessionIdle: c.SessionIdle, PasswordMinimum: c.PasswordMinimum,
			SignIns:   people.SignInLimits{PerEmail: c.SignInsByEmail, PerAddress: c.SignInsByAddress, Window: c.SignInWindow},
			ResetTime: c.PasswordResetTime, Resets: e.jobs, EmailChangeTime: c.EmailChangeTime,
			Answers: keptanswers.New(e.pool), Operators: operators.NewStore(e.pool), Issuer: c.issuer(), IssuerTime: c.OIDCTime,
			Factors: factors.NewStore(e.pool, e.keys), OneTime: onetime.New(productName),
		},
		Transparency: apptransparency.Options{
			Tree: transparency.NewReader(e.pool, e.waitFor), Log: e.log.Sealed(), Keys: e.ring, Kept: checkpoints.NewStore(e.pool),
		},
		Feed: feed.NewReader(e.pool, func(ctx context.Context, names []string, p eventlog.Position) error {
			return e.runner.WaitQuietly(ctx, names, p)
		}),
		Logger: logger,
	}
	if c.Sandbox {
		d.Sandbox = e.sandbox
	}
	return d
}

// productName is what authenticators show.
const productName = "Fleetledger"

// passkeys are those of the public URL, nil where it has no name.
func (c *Config) passkeys(logger *slog.Logger) ports.Passkeys {
	keys, err := passkeys.New(c.PublicURL, productName)
	if err != nil {
		if c.PublicURL != "" {
			logger.Warn("there are no passkeys", "public_url", c.PublicURL, "error", err)
		}
		return nil
	}
	return keys
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
		return listedMails{outbox, e.apart, logger}, nil, err
	}
	server, err := mail.NewServer(c.smtp())
	if err != nil {
		return nil, nil, fmt.Errorf("FLEETLEDGER_SMTP_URL: %w", err)
	}
	store := mails.NewStore(e.pool, e.keys, func(ctx context.Context, tx pgx.Tx, id uuid.UUID) error {
		return e.jobs.QueueMail(ctx, tx, id)
	})
	return store, &mail.Delivery{Mails: store, Server: server, GiveUp: c.MailGiveUp, Logger: logger, Delivered: noteMail(e.apart, logger)}, nil
}

// chores remove from the database what nobody can ask for any more.
func (e *engine) chores(mailer ports.Mailer, publicURL string, logger *slog.Logger) []jobs.Chore {
	store := peoplestore.NewStore(e.pool)
	byNow := func(remove func(context.Context, time.Time, int) (int64, error)) func(context.Context, int) (int64, error) {
		return func(ctx context.Context, limit int) (int64, error) { return remove(ctx, e.clock.Now(), limit) }
	}
	return []jobs.Chore{
		jobs.Remove("idempotency keys", postgres.NewIdempotencyKeys(e.pool, keyLock, keyKeep, 0).RemoveExpired),
		jobs.Remove("entries of the security log", func(ctx context.Context, limit int) (int64, error) { return e.security.RemoveOld(ctx, limit) }),
		jobs.Remove("own writes", postgres.NewOwnWrites(e.pool).RemoveOld),
		jobs.Remove("sessions", byNow(store.RemoveSessions)),
		jobs.Remove("attempts to sign in", byNow(store.RemoveAttempts)),
		jobs.Remove("where people sign in", byNow(store.RemoveSignIns)),
		jobs.Remove("counts of mails", func(ctx context.Context, limit int) (int64, error) {
			return mails.NewCounts(e.pool).RemoveOld(ctx, e.clock.Now().Add(-mailCountsKept), limit)
		}),
		jobs.Remove("challenges", byNow(factors.NewStore(e.pool, e.keys).RemoveChallenges)),
		jobs.Remove("personal tokens", byNow(store.RemoveTokens)),
		jobs.Remove("calendars", byNow(store.RemoveCalendars)),
		e.oldDeliveries(),
		{Name: "checkpoint of the log", Do: func(ctx context.Context) error { return e.app.Transparency.KeepCheckpoint(ctx) }},
		{Name: "credentials", Do: func(ctx context.Context) error { return e.app.People.ForgetCredentials(ctx) }},
		{Name: "second factors", Do: func(ctx context.Context) error { return e.app.People.ForgetFactors(ctx) }},
		{Name: "secrets of external accounts", Do: func(ctx context.Context) error { return e.app.Accounts.ForgetSecrets(ctx) }},
		{Name: "the secret of a version before", Do: func(ctx context.Context) error { return e.forgetPlain(ctx, logger) }},
		{Name: "what a former key has sealed", Do: func(ctx context.Context) error { return installation.Tidy(ctx, e.pool, e.keys, sealed) }},
		{Name: "tokens of a former secret", Do: func(ctx context.Context) error { return e.app.Renewal(mailer, publicURL).EndTokens(ctx) }},
	}
}

// forgetPlain drops the secret that a version before has kept as it is.
func (s *stores) forgetPlain(ctx context.Context, logger *slog.Logger) error {
	had, err := s.ring.ForgetPlain(ctx)
	if had {
		logger.WarnContext(ctx, "the secret that a version before kept in plain is gone, and what was made with it has ended: "+
			"invitations are sent again, owners of tokens, calendars and audit grants are told by mail")
	}
	return err
}

// reactions follow the log and act on it.
func (e *engine) reactions(mailer ports.Mailer, publicURL string) []projections.Reaction {
	finisher, reserved, mailings, renewal := e.app.Finisher, e.app.Reserved, e.app.Mailings(mailer, publicURL), e.app.Renewal(mailer, publicURL)
	security := e.app.Security()
	return []projections.Reaction{
		{Name: finisher.Name(), Prefixes: finisher.Prefixes(), Handle: finisher.HandleBatch},
		{Name: reserved.Name(), Prefixes: reserved.Prefixes(), Handle: reserved.HandleBatch},
		{Name: mailings.Name(), Prefixes: mailings.Prefixes(), Handle: mailings.HandleBatch, Replaces: mailings.Replaces()},
		{Name: security.Name(), Prefixes: security.Prefixes(), Handle: security.HandleBatch},
		{Name: renewal.Name(), Prefixes: renewal.Prefixes(), Handle: renewal.HandleBatch},
	}
}

// work is what the jobs run.
func (e *engine) work() jobs.Runner {
	return jobs.Runner{Operations: e.app.Operations, Schedule: e.app.Schedule, Resets: e.app.People, Webhooks: e.app.Webhooks}
}

// waitFor waits, mostly for nothing: what takes longer does not keep others out meanwhile.
func (e *engine) waitFor(ctx context.Context, names []string, p eventlog.Position) error {
	const atOnce = 50 * time.Millisecond
	short, cancel := context.WithTimeout(ctx, atOnce)
	defer cancel()
	if err := e.runner.WaitFor(short, names, p); err == nil || short.Err() == nil || ctx.Err() != nil {
		return err
	}
	return api.Aside(ctx, func() error { return e.runner.WaitFor(ctx, names, p) })
}

// resubscribePause is short: whoever has just written waits for the followers.
const resubscribePause = 400 * time.Millisecond

// follow opens the log for one follower of the runner.
func (e *engine) follow(name string, prefixes []string, from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error) {
	return e.subscribe(eventstoredb.FollowOptions{Name: name, Prefixes: prefixes}, from)
}

// followSealed is follow for events as the log keeps them.
func (e *engine) followSealed(name string, prefixes []string, from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error) {
	return e.subscribe(eventstoredb.FollowOptions{Name: name, Prefixes: prefixes, Sealed: true}, from)
}

func (e *engine) subscribe(o eventstoredb.FollowOptions, from func(context.Context) (eventlog.Position, error)) (message.Subscriber, error) {
	o.Backoff = eventstoredb.Backoff{Min: 50 * time.Millisecond, Max: resubscribePause}
	return eventstoredb.NewSubscriber(e.log, eventstoredb.SubscriberOptions{FollowOptions: o, From: from})
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
