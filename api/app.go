package api

import (
	"context"
	"io"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app"
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
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/schedule"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/app/transparency"
	"github.com/fleetledger/fleetledger/app/webhooks"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
)

// App is the service's capabilities, as far as the handlers use them. A test that
// looks at the edge alone sets those it needs.
type App struct {
	Access       Access
	Accounts     Accounts
	People       People
	Partnerships Partnerships
	Audits       Audits
	Devices      Devices
	Catalogues   Catalogues
	Transfers    Transfers
	Renewals     Renewals
	Notices      Notices
	Operations   Operations
	Schedule     Schedule
	Forecasts    Forecasts
	SecurityLog  SecurityLog
	Transparency Transparency
	Feed         Feed
	Webhooks     Webhooks
}

// Over is the edge's view of a service.
func Over(a *app.App) App {
	return App{
		Access:       a.Access,
		Accounts:     a.Accounts,
		People:       a.People,
		Partnerships: a.Partnerships,
		Audits:       a.Audits,
		Devices:      a.Devices,
		Catalogues:   a.Catalogues,
		Transfers:    a.Transfers,
		Renewals:     a.Renewals,
		Notices:      a.Notices,
		Operations:   a.Operations,
		Schedule:     a.Schedule,
		Forecasts:    a.Forecasts,
		SecurityLog:  a.SecurityLog,
		Transparency: a.Transparency,
		Feed:         a.Feed,
		Webhooks:     a.Webhooks,
	}
}

// Access is what callers may do.
type Access interface {
	StillHolds(ctx context.Context, c access.Caller, noted []byte) (bool, error)
}

// Accounts are accounts, their administration and customers.
type Accounts interface {
	AssignChannelContact(ctx context.Context, c access.Caller, uid uuid.UUID, cmd command.Command, contact account.Contact) (accounts.AssignedContact, error)
	RemoveChannelContact(ctx context.Context, c access.Caller, uid uuid.UUID, contact uuid.UUID, cmd command.Command) (command.Receipt, error)
	Close(context.Context, access.Caller, accounts.Close) (command.Receipt, error)
	Holdings(ctx context.Context, c access.Caller, uid uuid.UUID) (account.Holdings, error)
	Reopen(context.Context, access.Caller, accounts.Reopen) (command.Receipt, error)
	CorrectEmail(context.Context, access.Caller, accounts.CorrectEmail) (command.Receipt, error)
	WithdrawPending(context.Context, access.Caller, accounts.Close) (command.Receipt, error)
	Create(context.Context, access.Caller, accounts.Create) (command.Receipt, error)
	CreateCustomer(context.Context, access.Caller, accounts.Create) (command.Receipt, error)
	Edit(context.Context, access.Caller, accounts.Edit) (command.Receipt, error)
	AddExternalAccount(context.Context, access.Caller, accounts.AddExternalAccount) (command.Receipt, error)
	EditExternalAccount(context.Context, access.Caller, accounts.EditExternalAccount) (command.Receipt, error)
	RemoveExternalAccount(context.Context, access.Caller, accounts.RemoveExternalAccount) (command.Receipt, error)
	ResendInvitation(ctx context.Context, c access.Caller, uid uuid.UUID, cmd command.Command) (command.Receipt, error)
	List(context.Context, access.Caller, query.AccountQuery) (query.List[query.AccountRow], error)
	Get(ctx context.Context, c access.Caller, uid uuid.UUID, f query.Freshness) (query.AccountRow, eventlog.Position, error)
	Own(context.Context, access.Caller) (account.State, error)
	Customers(context.Context, access.Caller, query.CustomerQuery) (query.List[query.CustomerRow], error)
	DefineProfile(context.Context, access.Caller, accounts.DefineProfile) (command.Receipt, error)
	EditProfile(context.Context, access.Caller, accounts.EditProfile) (command.Receipt, error)
	RemoveProfile(context.Context, access.Caller, accounts.RemoveProfile) (command.Receipt, error)
	Secure(context.Context, access.Caller, accounts.Secure) (command.Receipt, error)
	Admit(context.Context, access.Caller, netip.Addr) error
}

// Audits are the grants that let auditors read.
type Audits interface {
	Revoke(ctx context.Context, c access.Caller, uid uuid.UUID, cmd command.Command, ifRevision *eventlog.Revision) (command.Receipt, error)
	Grant(context.Context, access.Caller, audits.Grant) (audits.Granted, error)
	List(context.Context, access.Caller, query.AuditGrantQuery) (query.List[query.AuditGrantRow], error)
	Get(context.Context, access.Caller, uuid.UUID) (query.AuditGrantRow, eventlog.Position, error)
}

// Catalogues are the models in force and the operator's edits.
type Catalogues interface {
	InForce(context.Context) (catalogues.InForce, error)
	AsOf(ctx context.Context, at time.Time) (catalogues.InForce, error)
	Put(context.Context, access.Caller, catalogues.Put) (catalogues.Edited, error)
	Withdraw(context.Context, access.Caller, catalogues.Withdraw) (catalogues.Edited, error)
}

// Devices are registration, life cycle, history and releases.
type Devices interface {
	AnswerRelease(ctx context.Context, c access.Caller, id uuid.UUID, grant bool, cmd command.Command) (devices.Release, error)
	Edit(context.Context, access.Caller, devices.Edit) (command.Receipt, error)
	History(ctx context.Context, c access.Caller, name string) ([]devices.HistoryItem, error)
	Explain(ctx context.Context, c access.Caller, name string, f query.Freshness) (devices.Explanation, error)
	Suspend(context.Context, access.Caller, devices.LifeCycle) (command.Receipt, error)
	Resume(context.Context, access.Caller, devices.LifeCycle) (command.Receipt, error)
	Retire(context.Context, access.Caller, devices.LifeCycle) (command.Receipt, error)
	Reinstate(context.Context, access.Caller, devices.Reinstate) (command.Receipt, error)
	List(context.Context, access.Caller, query.DeviceQuery) (query.List[query.DeviceRow], error)
	ServiceDays(ctx context.Context, c access.Caller, f query.Freshness) (query.List[query.ServiceDayRow], error)
	Get(ctx context.Context, c access.Caller, name string, f query.Freshness) (query.DeviceRow, eventlog.Position, error)
	Register(context.Context, access.Caller, devices.Register) (command.BulkResult, error)
	ChangeMany(context.Context, access.Caller, devices.ChangeMany) (command.BulkResult, error)
	ReleaseRequests(context.Context, access.Caller, devices.Role, query.ReleaseQuery) (query.List[query.ReleaseRow], error)
	ReleaseRequest(context.Context, access.Caller, uuid.UUID) (devices.Release, error)
	RequestRelease(context.Context, access.Caller, devices.RequestRelease) (devices.Release, error)
}

// Transparency is what proves the log.
type Transparency interface {
	Checkpoint(ctx context.Context, p eventlog.Position) ([]byte, error)
	Checkpoints(ctx context.Context, p query.Page) (query.List[ports.KeptCheckpoint], error)
	PublicKeys(ctx context.Context) (transparency.Keys, error)
	Tile(ctx context.Context, t tlog.Tile) ([]byte, error)
	Proof(ctx context.Context, c access.Caller, event uuid.UUID, p eventlog.Position) ([]byte, error)
	Export(ctx context.Context, c access.Caller, w io.Writer, s transparency.Scope, progress func(transparency.Exported)) (transparency.Exported, error)
}

// Feed is the feed of events.
type Feed interface {
	Open(context.Context, access.Caller, feed.Query) (*feed.Reading, error)
}

// Webhooks are other servers that are told of events.
type Webhooks interface {
	Create(context.Context, access.Caller, webhooks.Create) (webhooks.Created, error)
	List(context.Context, access.Caller) ([]ports.Webhook, error)
	Get(ctx context.Context, c access.Caller, id uuid.UUID) (ports.Webhook, error)
	Edit(ctx context.Context, c access.Caller, id uuid.UUID, e webhooks.Edit) (ports.Webhook, error)
	Remove(ctx context.Context, c access.Caller, id uuid.UUID) error
	Rotate(ctx context.Context, c access.Caller, id uuid.UUID, cmd command.Command, overlap time.Duration) (webhooks.Rotated, error)
	Test(ctx context.Context, c access.Caller, id uuid.UUID) (ports.Delivery, error)
	Replay(ctx context.Context, c access.Caller, id, behind uuid.UUID) (ports.Webhook, error)
	Deliveries(ctx context.Context, c access.Caller, id uuid.UUID, p query.Page) (query.List[ports.Delivery], error)
}

// Forecasts are what lies ahead.
type Forecasts interface {
	Get(context.Context, access.Caller, forecasts.Query) (forecasts.Forecast, error)
}

// Notices are the monthly notices, and the outbox.
type Notices interface {
	List(context.Context, access.Caller, query.NoticeQuery) (query.List[query.NoticeRow], error)
	Get(ctx context.Context, c access.Caller, id uuid.UUID, f query.Freshness) (notices.Found, error)
	Acknowledge(context.Context, access.Caller, notices.Acknowledge) (command.Receipt, error)
	Choice(context.Context, access.Caller) (notices.Choice, eventlog.Position, error)
	Choose(context.Context, access.Caller, notices.Choose) (command.Receipt, error)
	Unsubscribe(ctx context.Context, token string, c command.Command) (command.Receipt, error)
	Outbox(context.Context, access.Caller) ([]ports.Mail, error)
	OutboxMail(ctx context.Context, c access.Caller, id uuid.UUID) (ports.Mail, error)
}

// Operations are long bulk commands in the background.
type Operations interface {
	Submit(context.Context, access.Caller, operations.Submission) (ports.Operation, error)
	Get(context.Context, access.Caller, uuid.UUID) (ports.Operation, error)
	List(context.Context, access.Caller, ports.OperationQuery) (query.List[ports.Operation], error)
	Results(ctx context.Context, c access.Caller, id uuid.UUID, after int, limit int) ([]command.ItemResult, error)
}

// Partnerships are whom customers let in.
type Partnerships interface {
	Assign(context.Context, access.Caller, partnerships.Assign) (command.Receipt, error)
	End(ctx context.Context, c access.Caller, reseller uuid.UUID, customer uuid.UUID, cmd command.Command) (command.Receipt, error)
	Establish(context.Context, access.Caller, partnerships.Establish) (command.Receipt, error)
	List(ctx context.Context, c access.Caller, account uuid.UUID, f query.Freshness) ([]query.PartnershipRow, eventlog.Position, error)
	Request(context.Context, access.Caller, partnerships.Request) (command.Receipt, error)
	AcceptRequest(context.Context, access.Caller, partnerships.AcceptRequest) (command.Receipt, error)
	DeclineRequest(ctx context.Context, c access.Caller, id uuid.UUID, cmd command.Command) (command.Receipt, error)
	WithdrawRequest(ctx context.Context, c access.Caller, id uuid.UUID, cmd command.Command) (command.Receipt, error)
	Requests(context.Context, access.Caller, query.PartnershipRequestQuery) (query.List[query.PartnershipRequestRow], error)
	GetRequest(ctx context.Context, c access.Caller, id uuid.UUID, f query.Freshness) (query.PartnershipRequestRow, eventlog.Position, error)
}

// People are users, signing in, passwords, tokens, calendars and erasure.
type People interface {
	StartAtIssuer(ctx context.Context, redirectURI string) (people.IssuerStart, error)
	SignInAtIssuer(ctx context.Context, c people.AtIssuer) (people.SignedIn, error)
	Activate(ctx context.Context, token string, c people.Activate) (command.Receipt, error)
	ChangePassword(context.Context, access.Caller, people.ChangePassword) (command.Receipt, error)
	EditSelf(context.Context, access.Caller, people.EditSelf) (command.Receipt, error)
	EmailConfirmation(ctx context.Context, token string) (people.EmailConfirmation, error)
	ConfirmEmail(ctx context.Context, token string, c command.Command) (command.Receipt, error)
	Deactivate(context.Context, access.Caller, people.UserCommand) (command.Receipt, error)
	Reactivate(context.Context, access.Caller, people.UserCommand) (command.Receipt, error)
	Edit(context.Context, access.Caller, people.Edit) (command.Receipt, error)
	Erase(ctx context.Context, c access.Caller, person uuid.UUID, cmd command.Command) (command.Receipt, error)
	Invitation(ctx context.Context, token string) (people.Invited, error)
	Invite(context.Context, access.Caller, people.Invite) (command.Receipt, error)
	List(context.Context, access.Caller, query.UserQuery) (query.List[query.UserRow], error)
	Get(ctx context.Context, c access.Caller, uid uuid.UUID, person uuid.UUID, f query.Freshness) (query.UserRow, eventlog.Position, error)
	ResendInvitation(context.Context, access.Caller, people.UserCommand) (command.Receipt, error)
	RevokeInvitation(context.Context, access.Caller, people.UserCommand) (command.Receipt, error)
	CreateToken(context.Context, access.Caller, people.CreateToken) (people.CreatedToken, error)
	Tokens(context.Context, access.Caller) ([]ports.PersonalToken, error)
	RevokeToken(context.Context, access.Caller, uuid.UUID) error
	CreateCalendar(context.Context, access.Caller, people.CreateCalendar) (people.CreatedCalendar, error)
	Calendars(context.Context, access.Caller) ([]people.Calendar, error)
	RevokeCalendar(context.Context, access.Caller, uuid.UUID) error
	CalendarCaller(ctx context.Context, token string) (access.Caller, people.Calendar, error)
	AccountTokens(ctx context.Context, c access.Caller, account uuid.UUID) ([]ports.AccountToken, error)
	RevokeAccountToken(ctx context.Context, c access.Caller, account, token uuid.UUID) error
	RequestPasswordReset(ctx context.Context, c people.RequestReset) error
	PasswordReset(ctx context.Context, token string) (people.PasswordReset, error)
	ResetPassword(ctx context.Context, token string, c people.ResetPassword) (command.Receipt, error)
	Factors(context.Context, access.Caller) (people.OwnFactors, error)
	AddFactor(context.Context, access.Caller, people.AddFactor) (people.FactorBegun, error)
	ConfirmFactor(context.Context, access.Caller, people.ConfirmFactor) (command.Receipt, error)
	RemoveFactor(ctx context.Context, c access.Caller, factor uuid.UUID, cmd command.Command) (command.Receipt, error)
	ReplaceRecoveryCodes(context.Context, access.Caller, command.Command) (people.RecoveryCodes, error)
	ResetFactors(context.Context, access.Caller, people.UserCommand) (command.Receipt, error)
	StartWithPasskey(ctx context.Context, address string) (*people.SecondStep, error)
	SignInAgain(context.Context, access.Caller, people.SignInAgain) (people.SignedInAgain, error)
	AnswerAgain(context.Context, access.Caller, people.AnswerSecondStep) (people.SignedInAgain, error)
	AnswerSecondStep(context.Context, people.AnswerSecondStep) (people.SignedIn, error)
	SaveView(context.Context, access.Caller, people.SaveView) (ports.View, error)
	Views(context.Context, access.Caller) ([]ports.View, error)
	RemoveView(ctx context.Context, c access.Caller, view uuid.UUID, cmd command.Command) (ports.View, error)
	Sessions(context.Context, access.Caller) ([]ports.Session, error)
	EndSession(context.Context, access.Caller, uuid.UUID) error
	EndSessions(ctx context.Context, c access.Caller, others bool) error
	NoteUse(context.Context, access.Caller, people.Visitor)
	SessionsOfUser(context.Context, access.Caller, people.UserCommand) ([]ports.Session, error)
	EndSessionOfUser(ctx context.Context, c access.Caller, cmd people.UserCommand, session uuid.UUID) error
	EndSessionsOfUser(context.Context, access.Caller, people.UserCommand) error
	TokensOfUser(context.Context, access.Caller, people.UserCommand) ([]ports.PersonalToken, error)
	RevokeTokenOfUser(ctx context.Context, c access.Caller, cmd people.UserCommand, token uuid.UUID) error
	RevokeTokensOfUser(context.Context, access.Caller, people.UserCommand) error
	Self(context.Context, access.Caller) (people.Self, error)
	SignIn(ctx context.Context, c people.SignIn) (people.SignedIn, error)
	SignInAsOperator(context.Context, access.Caller) (people.SignedIn, error)
	SignInAsAuditor(context.Context, access.Caller) (people.SignedIn, error)
}

// Renewals are orders and what becomes of them, previews and grants.
type Renewals interface {
	Allocations(context.Context, access.Caller, query.AllocationQuery) (query.List[query.AllocationRow], error)
	Apply(context.Context, access.Caller, renewals.Answer) (command.BulkResult, error)
	Decline(context.Context, access.Caller, renewals.Answer) (command.Receipt, error)
	Get(ctx context.Context, c access.Caller, id uuid.UUID, f query.Freshness, page query.Page) (renewals.Found, error)
	Grant(context.Context, access.Caller, renewals.Grant) (command.Result[device.State], error)
	List(context.Context, access.Caller, query.RenewalQuery) (query.List[query.RenewalRow], error)
	Preview(context.Context, access.Caller, renewals.Renew) ([]renewals.Preview, error)
	Renew(context.Context, access.Caller, renewals.Renew) (command.BulkResult, error)
	Reverse(context.Context, access.Caller, renewals.Reverse) (command.BulkResult, error)
	Withdraw(context.Context, access.Caller, renewals.Answer) (command.Receipt, error)
}

// Schedule is the sandbox clock.
type Schedule interface {
	SandboxTime(caller access.Caller) (time.Time, error)
	MoveClock(context.Context, access.Caller, schedule.MoveClock) (time.Time, eventlog.Position, error)
}

// SecurityLog is who has signed in, was refused, made or ended a token.
type SecurityLog interface {
	List(context.Context, access.Caller, ports.SecurityQuery) (query.List[ports.SecurityEntry], error)
	OperatorToken(ctx context.Context, c access.Caller, from netip.Addr)
	Refused(ctx context.Context, c access.Caller, from netip.Addr, err error)
}

// Transfers are plans, transfers and reversals.
type Transfers interface {
	Transfer(context.Context, access.Caller, transfers.Transfer) (command.BulkResult, error)
	Get(context.Context, access.Caller, uuid.UUID) (transfers.Record, error)
	List(context.Context, access.Caller, query.TransferQuery) (query.List[query.TransferRow], error)
	TransferPlans(context.Context, access.Caller, query.TransferPlanQuery) (query.List[query.TransferPlanRow], error)
	Plan(context.Context, access.Caller, transfers.Transfer) (transfers.TransferPlan, error)
	TransferPlan(context.Context, access.Caller, uuid.UUID) (transfers.TransferPlan, error)
	Reverse(context.Context, access.Caller, transfers.Reverse) (command.BulkResult, error)
}
