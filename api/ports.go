package api

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
)

// App is what the handlers use of package app.
type App interface {
	CreateAccount(context.Context, access.Caller, app.CreateAccount) (app.CreatedAccount, error)
	CreateCustomer(context.Context, access.Caller, app.CreateAccount) (app.CreatedAccount, error)
	ActivateAccount(ctx context.Context, token string, c app.ActivateAccount) (app.Written, error)
	Invitation(ctx context.Context, token string) (app.Invited, error)
	ResendInvitation(context.Context, access.Caller, uuid.UUID, app.Command) (app.Written, error)
	CloseAccount(context.Context, access.Caller, uuid.UUID, app.Command, *eventlog.Revision) (app.Written, error)
	EditAccount(context.Context, access.Caller, app.EditAccount) (app.Written, error)
	AssignChannelContact(context.Context, access.Caller, uuid.UUID, app.Command, app.Contact) (app.AssignedContact, error)
	RemoveChannelContact(ctx context.Context, c access.Caller, account, contact uuid.UUID, cmd app.Command) (app.Written, error)
	SecureAccount(context.Context, access.Caller, app.SecureAccount) (app.Written, error)
	DefineProfile(context.Context, access.Caller, app.DefineProfile) (app.Written, error)
	EditProfile(context.Context, access.Caller, app.EditProfile) (app.Written, error)
	RemoveProfile(context.Context, access.Caller, app.RemoveProfile) (app.Written, error)
	AddExternalAccount(context.Context, access.Caller, app.AddExternalAccount) (app.Written, error)
	EditExternalAccount(context.Context, access.Caller, app.EditExternalAccount) (app.Written, error)
	RemoveExternalAccount(context.Context, access.Caller, app.RemoveExternalAccount) (app.Written, error)
	// Admit fails with app.ErrAddressNotAdmitted when the caller's account is not
	// to be used from the address.
	Admit(ctx context.Context, c access.Caller, from netip.Addr) error
	EstablishPartnership(context.Context, access.Caller, app.EstablishPartnership) (app.Written, error)
	AssignPartnerProfile(context.Context, access.Caller, app.AssignPartnerProfile) (app.Written, error)
	EndPartnership(ctx context.Context, c access.Caller, reseller, customer uuid.UUID, cmd app.Command) (app.Written, error)
	ErasePerson(ctx context.Context, c access.Caller, person uuid.UUID, command app.Command) (app.Written, error)

	InviteUser(context.Context, access.Caller, app.InviteUser) (app.Written, error)
	EditUser(context.Context, access.Caller, app.EditUser) (app.Written, error)
	ResendUserInvitation(context.Context, access.Caller, app.UserCommand) (app.Written, error)
	RevokeUserInvitation(context.Context, access.Caller, app.UserCommand) (app.Written, error)
	DeactivateUser(context.Context, access.Caller, app.UserCommand) (app.Written, error)
	ReactivateUser(context.Context, access.Caller, app.UserCommand) (app.Written, error)
	Users(context.Context, access.Caller, query.UserQuery) (query.List[query.UserRow], error)
	User(ctx context.Context, c access.Caller, account, user uuid.UUID, f query.Freshness) (query.UserRow, eventlog.Position, error)
	Self(context.Context, access.Caller) (account.Person, error)
	SignIn(context.Context, app.SignIn) (app.SignedIn, error)
	StartAtIssuer(ctx context.Context, redirectURI string) (app.IssuerStart, error)
	SignInAtIssuer(context.Context, app.AtIssuer) (app.SignedIn, error)
	Sessions(context.Context, access.Caller) ([]ports.Session, error)
	EndSession(context.Context, access.Caller, uuid.UUID) error
	EndSessions(context.Context, access.Caller) error
	ChangePassword(context.Context, access.Caller, app.ChangePassword) (app.Written, error)
	RequestPasswordReset(context.Context, app.RequestReset) error
	PasswordReset(ctx context.Context, token string) (app.PasswordReset, error)
	ResetPassword(ctx context.Context, token string, c app.ResetPassword) (app.Written, error)
	CreateToken(context.Context, access.Caller, app.CreateToken) (app.CreatedToken, error)
	Tokens(context.Context, access.Caller) ([]ports.PersonalToken, error)
	RevokeToken(context.Context, access.Caller, uuid.UUID) error

	GrantAudit(context.Context, access.Caller, app.GrantAudit) (app.GrantedAudit, error)
	AuditGrants(context.Context, access.Caller, query.AuditGrantQuery) (query.List[query.AuditGrantRow], error)
	AuditGrant(context.Context, access.Caller, uuid.UUID) (query.AuditGrantRow, eventlog.Position, error)
	RevokeAudit(context.Context, access.Caller, uuid.UUID, app.Command, *eventlog.Revision) (app.Written, error)

	RegisterDevices(context.Context, access.Caller, app.RegisterDevices) (app.BulkResult, error)
	TransferDevices(context.Context, access.Caller, app.TransferDevices) (app.BulkResult, error)
	PreviewRenewals(context.Context, access.Caller, app.RenewDevices) ([]app.RenewalPreview, error)
	PlanTransfer(context.Context, access.Caller, app.TransferDevices) (app.TransferPlan, error)
	TransferPlan(context.Context, access.Caller, uuid.UUID) (app.TransferPlan, error)
	Transfer(context.Context, access.Caller, uuid.UUID) (app.TransferRecord, error)
	ReverseTransfer(context.Context, access.Caller, app.ReverseTransfer) (app.BulkResult, error)
	RequestRelease(context.Context, access.Caller, app.RequestRelease) (app.ReleaseRow, error)
	ReleaseRequests(context.Context, access.Caller) ([]app.ReleaseRow, eventlog.Position, error)
	ReleaseRequest(context.Context, access.Caller, uuid.UUID) (app.ReleaseRow, error)
	AnswerRelease(ctx context.Context, c access.Caller, id uuid.UUID, grant bool, command app.Command) (app.ReleaseRow, error)
	RenewDevices(context.Context, access.Caller, app.RenewDevices) (app.BulkResult, error)
	Renewal(context.Context, access.Caller, uuid.UUID, query.Freshness, query.Page) (query.List[app.RenewedDevice], error)
	ReverseRenewal(context.Context, access.Caller, app.ReverseRenewal) (app.BulkResult, error)
	GrantAllocation(context.Context, access.Caller, app.GrantAllocation) (app.Written, error)
	EditDevice(context.Context, access.Caller, app.EditDevice) (app.Written, error)
	SuspendDevice(context.Context, access.Caller, app.DeviceCommand) (app.Written, error)
	ResumeDevice(context.Context, access.Caller, app.DeviceCommand) (app.Written, error)
	RetireDevice(context.Context, access.Caller, app.DeviceCommand) (app.Written, error)

	Customers(context.Context, access.Caller, query.CustomerQuery) (query.List[query.CustomerRow], error)
	Devices(context.Context, access.Caller, query.DeviceQuery) (query.List[query.DeviceRow], error)
	Device(ctx context.Context, c access.Caller, id string, f query.Freshness) (query.DeviceRow, eventlog.Position, error)
	DeviceHistory(ctx context.Context, c access.Caller, id string) ([]app.HistoryItem, error)
	Accounts(context.Context, access.Caller, query.AccountQuery) (query.List[query.AccountRow], error)
	Account(context.Context, access.Caller, uuid.UUID, query.Freshness) (query.AccountRow, eventlog.Position, error)
	Partnerships(context.Context, access.Caller, uuid.UUID, query.Freshness) ([]query.PartnershipRow, eventlog.Position, error)

	SandboxTime(access.Caller) (time.Time, error)
	MoveClock(context.Context, access.Caller, app.MoveClock) (time.Time, eventlog.Position, error)

	Submit(context.Context, access.Caller, app.Submission) (ports.Operation, error)
	Operation(context.Context, access.Caller, uuid.UUID) (ports.Operation, error)
	OperationResults(ctx context.Context, c access.Caller, id uuid.UUID, after, limit int) ([]app.ItemResult, error)
}

// Authenticator finds the caller of a bearer token. A token that is not known,
// or no longer usable, is identity.ErrUnknownToken.
type Authenticator interface {
	Authenticate(ctx context.Context, token string) (access.Caller, error)
}

// IdempotencyKeys remembers the answers to writes that carried a key.
type IdempotencyKeys interface {
	Begin(context.Context, postgres.KeyedRequest) (postgres.Claim, *postgres.Answer, error)
	Finish(context.Context, postgres.Claim, postgres.Answer) error
	Abandon(context.Context, postgres.Claim) error
}

// ProjectionStatus is how far a read model, or a process that follows the log, is.
type ProjectionStatus struct {
	Name      string
	Version   int
	State     string // running, stopped, waiting, refused
	Position  eventlog.Position
	LagEvents int64         // still to come, where counting ends early at least so many
	Lag       time.Duration // age of the oldest of them
	UpdatedAt time.Time     // zero: never
	Error     string        // what stopped it
}

// Check is one thing the service needs to be ready. Detail is shown to
// anybody: no addresses, no SQL.
type Check struct {
	Name   string
	OK     bool
	Detail string
}

// Service tells how the service itself does.
type Service interface {
	// Ready checks the stores and the read models, within the context's deadline.
	Ready(context.Context) []Check
	Projections(context.Context) ([]ProjectionStatus, error)
}
