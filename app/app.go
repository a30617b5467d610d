// Package app is the service without its edges: a table of its capabilities. Each
// is a package of its own with its use cases, a file each; what they rest on is in
// the packages eventlog, query, ports, command and access.
//
// A command goes handler, use case, access, command.Execute, receipt. An event
// goes log, batch, and either a projection or a reaction.
package app

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/audits"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/feed"
	"github.com/fleetledger/fleetledger/app/forecasts"
	"github.com/fleetledger/fleetledger/app/notices"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/reactions"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/schedule"
	"github.com/fleetledger/fleetledger/app/securitylog"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/app/transparency"
	"github.com/fleetledger/fleetledger/app/webhooks"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// App is the service. It is safe for concurrent use.
type App struct {
	Access       *access.Control       // what callers may do
	Accounts     *accounts.Service     // accounts, their administration, customers
	People       *people.Service       // users, signing in, passwords, tokens, erasure
	Partnerships *partnerships.Service // whom customers let in
	Audits       *audits.Service       // whom the operator lets read
	Devices      *devices.Service      // registration, life cycle, history, releases
	Catalogues   *catalogues.Service   // the models in force, the operator's edits
	Transfers    *transfers.Service    // plans, transfers, reversals
	Renewals     *renewals.Service     // orders and what becomes of them, previews, grants
	Forecasts    *forecasts.Service    // what lies ahead
	Notices      *notices.Service      // monthly notices, the outbox
	SecurityLog  *securitylog.Service  // who signed in, was refused, made a token
	Transparency *transparency.Service // proofs of the log: checkpoints, exports
	Feed         *feed.Service         // events to follow
	Webhooks     *webhooks.Service     // other servers that are told of events
	Operations   *operations.Service   // long bulk commands in the background
	Schedule     *schedule.Service     // what happens by itself
	Finisher     *reactions.Finisher   // finishes what dead commands left
	Reserved     *reactions.Reserved   // keeps the keyed names of personal values
	Tokens       access.Tokens         // the secrets that mails carry

	executor *command.Executor
	security ports.SecurityLog
}

// Dependencies are what the service needs. Secret is what tokens are made with,
// Pseudonyms what names those who are counted or bound without saying who they are;
// the same on all instances. Persons is what Log seals personal data with. Logger
// nil: nothing is logged.
type Dependencies struct {
	Log       eventlog.Log
	Reader    query.Reader
	Clock     eventlog.Clock
	Catalogue *catalogue.Catalogue // of the file, before the operator's edits
	Rules     device.Rules
	Windows   query.Windows
	// WarnDays are the days before a partnership's end on which both sides are
	// warned.
	WarnDays []int
	// AutomaticOrders applies renewal orders at once where the caller has devices.renew.
	AutomaticOrders bool
	Plans           transfers.PlanLimits
	FreshSignIn     time.Duration // see access.Control
	AuditLife       time.Duration // how long an audit grant lasts at most; zero: audits.DefaultLife
	Operations      ports.OperationStore
	// OperationsAtOnce is how many an account may have under way; zero: any number.
	OperationsAtOnce int
	Persons          ports.PersonKeys
	Names            reservation.Names // of streams that would tell of persons
	Secret           []byte
	Pseudonyms       []byte
	People           people.Options
	Secrets          ports.ExternalSecrets
	// Mails says how many mails callers may cause; Tokens is filled in.
	Mails       access.Mails
	SecurityLog ports.SecurityLog // nil: none
	// Transparency proves the log; histories need its Log alone.
	Transparency transparency.Options
	// Feed is the order of the feed of events.
	Feed query.Feed
	// Webhooks says how; Security is filled in.
	Webhooks webhooks.Options
	// Notices says how; Windows, Rules and zero numbers are filled in.
	Notices notices.Options
	// Sandbox is Clock, where it can be moved; nil in a service that is no sandbox.
	Sandbox ports.SandboxClock
	Logger  *slog.Logger
}

// New puts the capabilities together.
func New(d Dependencies) *App {
	x := &command.Executor{
		Log: d.Log, Clock: d.Clock, Limits: reservation.Limits{Places: d.Rules.Places, Names: d.Names},
		Logger: cmp.Or(d.Logger, slog.New(slog.DiscardHandler)),
	}
	tokens := access.NewTokens(d.Secret, d.Pseudonyms)
	control := &access.Control{Log: d.Log, Clock: d.Clock, Reader: d.Reader, Mails: d.Mails, FreshSignIn: d.FreshSignIn}
	control.Mails.Tokens = tokens
	if d.SecurityLog == nil {
		d.SecurityLog = securitylog.Discard{}
	}
	a := &App{Access: control, Tokens: tokens, executor: x, security: d.SecurityLog}

	a.Catalogues = catalogues.New(x, d.Catalogue)
	a.Partnerships = partnerships.New(x, control, d.Reader)
	a.Accounts = accounts.New(x, control, d.Reader, a.Partnerships, tokens, d.Secrets, d.Operations, d.Windows, d.People.Issuer != nil)
	a.Audits = audits.New(x, control, d.Reader, tokens, cmp.Or(d.AuditLife, audits.DefaultLife))
	d.People.Security = d.SecurityLog
	a.People = people.New(x, control, d.Reader, d.Persons, tokens, d.People)
	a.SecurityLog = securitylog.New(control, d.SecurityLog)
	a.Devices = devices.New(x, control, d.Reader, a.Catalogues, d.Rules, d.Transparency.Log)
	a.Feed = feed.New(control, d.Feed, d.Log)
	a.Transparency = transparency.New(control, a.Devices, a.Feed, d.Transparency)
	d.Webhooks.Security = d.SecurityLog
	a.Webhooks = webhooks.New(x, control, a.Feed, tokens, d.Webhooks)
	a.Transfers = transfers.New(x, control, d.Reader, a.Catalogues, d.Rules, d.Plans)
	a.Renewals = renewals.New(x, control, d.Reader, a.Catalogues, d.Rules, d.AutomaticOrders)
	a.Forecasts = forecasts.New(control, d.Reader, d.Clock, d.Rules, d.Windows)
	n := d.Notices
	n.Windows, n.Rules = d.Windows, d.Rules
	n.LookAhead, n.Hours = cmp.Or(n.LookAhead, notices.DefaultLookAhead), cmp.Or(n.Hours, notices.DefaultHours)
	a.Notices = notices.New(x, control, d.Reader, tokens, n)
	a.Operations = operations.New(x, control, d.Operations, a.Devices, a.Transfers, a.Renewals, a.People, d.OperationsAtOnce)
	a.Schedule = schedule.New(x, d.Reader, a.Devices, a.Notices, d.Rules, d.WarnDays, d.Sandbox)
	a.Finisher = reactions.NewFinisher(x, a.Accounts, a.People, a.Partnerships, a.Devices, a.Renewals, d.Operations)
	a.Reserved = reactions.NewReserved(a.Finisher)
	return a
}

// Renewal is what follows a new secret of tokens. Mailer and publicURL are as in
// Mailings.
func (a *App) Renewal(mailer ports.Mailer, publicURL string) *reactions.Renewal {
	return reactions.NewRenewal(a.executor, a.Accounts, a.People, a.Audits, a.Tokens, mailer, publicURL)
}

// Security is what enters the log of events in the security log.
func (a *App) Security() *reactions.Security { return reactions.NewSecurity(a.executor, a.security) }

// Mailings is what the service mails, by the mailer. publicURL is where clients
// reach it, without a slash at the end.
func (a *App) Mailings(mailer ports.Mailer, publicURL string) *reactions.Mailings {
	return reactions.NewMailings(a.executor, a.Access.Mails, a.People, a.Tokens, mailer, publicURL)
}
