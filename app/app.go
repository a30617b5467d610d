// Package app has the use cases, a file each, the ports they need, and the
// processes that carry out what spans several streams. Rights are checked here.
//
// A command loads a stream, decides in package domain, and appends with the
// revision it has loaded (carry_out.go). What must be unique or limited is
// claimed first (claims.go, by the protocol of package reservation). A command
// may be repeated with its id: it goes on where it stopped, and what it has
// appended already counts as done.
//
// What a command leaves undone when it dies is finished or undone by the
// Processes, which follow the log (process.go).
package app

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

// Dependencies are what the use cases need. Secret keys the tokens of
// invitations; the same on all instances. Persons is what Log seals personal
// data with. Logger nil: nothing is logged.
type Dependencies struct {
	Log       eventlog.Log
	Reader    query.Reader
	Clock     eventlog.Clock
	Catalogue *catalogue.Catalogue
	Rules     device.Rules
	Windows   query.Windows
	// WarnDays are the days before a partnership's end on which both sides are
	// warned.
	WarnDays   []int
	PlanLife   time.Duration // how long a transfer plan can be committed; zero: DefaultPlanLife
	AuditLife  time.Duration // how long an audit grant lasts at most; zero: DefaultAuditLife
	Operations ports.OperationStore
	Persons    ports.PersonKeys
	Secret     []byte
	People     People
	Secrets    ports.ExternalSecrets
	// Sandbox is Clock, where it can be moved; nil in a service that is no sandbox.
	Sandbox ports.SandboxClock
	Logger  *slog.Logger
}

// App is the service without its edges. Safe for concurrent use.
//
//	accounts      CreateAccount CreateCustomer Invitation ActivateAccount ResendInvitation CloseAccount
//	              EditAccount AssignChannelContact RemoveChannelContact SecureAccount Admit
//	              AddExternalAccount EditExternalAccount RemoveExternalAccount
//	persons       ErasePerson
//	users         InviteUser ResendUserInvitation RevokeUserInvitation EditUser
//	              DeactivateUser ReactivateUser Users
//	signing in    SignIn StartAtIssuer SignInAtIssuer SessionCaller Sessions EndSession EndSessions
//	passwords     ChangePassword RequestPasswordReset SendPasswordReset PasswordReset ResetPassword
//	tokens        CreateToken Tokens RevokeToken TokenCaller
//	profiles      DefineProfile EditProfile RemoveProfile ProfileRights
//	partnerships  EstablishPartnership AssignPartnerProfile EndPartnership
//	auditors      GrantAudit AuditGrants AuditGrant RevokeAudit AuditCaller
//	devices       RegisterDevices PreviewRenewals RenewDevices Renewal ReverseRenewal GrantAllocation
//	              EditDevice SuspendDevice ResumeDevice RetireDevice
//	transfers     PlanTransfer TransferPlan TransferDevices Transfer ReverseTransfer
//	releases      RequestRelease ReleaseRequests ReleaseRequest AnswerRelease
//	operations    Submit Operation OperationResults RunOperationChunk
//	queries       Accounts Account Customers Partnerships Devices Device DeviceHistory
//	processes     Processes InvitationMails UserInvitationMails PartnershipMails PasswordResetMails
//	time          RunDue, SandboxTime MoveClock
//	housekeeping  ForgetCredentials ForgetSecrets
type App struct {
	log        eventlog.Log
	reader     query.Reader
	clock      eventlog.Clock
	catalogue  *catalogue.Catalogue
	rules      device.Rules
	windows    query.Windows
	planLife   time.Duration
	auditLife  time.Duration
	operations ports.OperationStore
	persons    ports.PersonKeys
	secret     []byte
	sandbox    ports.SandboxClock
	due        []DueWork
	people     People
	secrets    ports.ExternalSecrets
	logger     *slog.Logger
	turns      turns
}

// New makes the App of its dependencies.
func New(d Dependencies) *App {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	a := &App{
		log: d.Log, reader: d.Reader, clock: d.Clock, catalogue: d.Catalogue, rules: d.Rules,
		windows: d.Windows, planLife: cmp.Or(d.PlanLife, DefaultPlanLife),
		auditLife: cmp.Or(d.AuditLife, DefaultAuditLife), operations: d.Operations, persons: d.Persons, secret: d.Secret,
		people: d.People, secrets: d.Secrets, sandbox: d.Sandbox, logger: d.Logger,
	}
	a.due = []DueWork{
		a.freeRenewals(), a.partnershipEnds(), a.partnershipWarnings(d.WarnDays), a.runOutInvitations(), a.runOutUserInvitations(),
	}
	return a
}
