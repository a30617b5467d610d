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
	"github.com/fleetledger/fleetledger/app/transfers"
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
	Operations   *operations.Service   // long bulk commands in the background
	Schedule     *schedule.Service     // what happens by itself
	Finisher     *reactions.Finisher   // finishes what dead commands left
	Tokens       access.Tokens         // the secrets that mails carry

	executor *command.Executor
}

// Dependencies are what the service needs. Secret keys the tokens of
// invitations; the same on all instances. Persons is what Log seals personal
// data with. Logger nil: nothing is logged.
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
	PlanLife        time.Duration // how long a transfer plan can be committed; zero: transfers.DefaultPlanLife
	AuditLife       time.Duration // how long an audit grant lasts at most; zero: audits.DefaultLife
	Operations      ports.OperationStore
	Persons         ports.PersonKeys
	Secret          []byte
	People          people.Options
	Secrets         ports.ExternalSecrets
	// Notices says how; Windows, Rules and zero numbers are filled in.
	Notices notices.Options
	// Sandbox is Clock, where it can be moved; nil in a service that is no sandbox.
	Sandbox ports.SandboxClock
	Logger  *slog.Logger
}

// New puts the capabilities together.
func New(d Dependencies) *App {
	x := &command.Executor{
		Log: d.Log, Clock: d.Clock, Limits: reservation.Limits{Places: d.Rules.Places},
		Logger: cmp.Or(d.Logger, slog.New(slog.DiscardHandler)),
	}
	control := &access.Control{Log: d.Log, Clock: d.Clock, Reader: d.Reader}
	tokens := access.NewTokens(d.Secret)
	a := &App{Access: control, Tokens: tokens, executor: x}

	a.Catalogues = catalogues.New(x, d.Catalogue)
	a.Partnerships = partnerships.New(x, control, d.Reader)
	a.Accounts = accounts.New(x, control, d.Reader, a.Partnerships, tokens, d.Secrets, d.Operations, d.Windows, d.People.Issuer != nil)
	a.Audits = audits.New(x, control, d.Reader, tokens, cmp.Or(d.AuditLife, audits.DefaultLife))
	a.People = people.New(x, control, d.Reader, d.Persons, tokens, d.People)
	a.Devices = devices.New(x, control, d.Reader, a.Catalogues, d.Rules)
	a.Transfers = transfers.New(x, control, d.Reader, a.Catalogues, d.Rules, cmp.Or(d.PlanLife, transfers.DefaultPlanLife))
	a.Renewals = renewals.New(x, control, d.Reader, a.Catalogues, d.Rules, d.AutomaticOrders)
	a.Forecasts = forecasts.New(control, d.Reader, d.Clock, d.Rules, d.Windows)
	n := d.Notices
	n.Windows, n.Rules = d.Windows, d.Rules
	n.LookAhead, n.Hours = cmp.Or(n.LookAhead, notices.DefaultLookAhead), cmp.Or(n.Hours, notices.DefaultHours)
	a.Notices = notices.New(x, control, d.Reader, tokens, n)
	a.Operations = operations.New(x, control, d.Operations, a.Devices, a.Transfers, a.Renewals)
	a.Schedule = schedule.New(x, d.Reader, a.Devices, a.Notices, d.Rules, d.WarnDays, d.Sandbox)
	a.Finisher = reactions.NewFinisher(x, a.Accounts, a.People, a.Partnerships, a.Devices, a.Renewals, d.Operations)
	return a
}

// Mailings is what the service mails, by the mailer. publicURL is where clients
// reach it, without a slash at the end.
func (a *App) Mailings(mailer ports.Mailer, publicURL string) *reactions.Mailings {
	return reactions.NewMailings(a.executor, a.People, a.Tokens, mailer, publicURL)
}
