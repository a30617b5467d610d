package api

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/domain/account"
)

// App is what the handlers use of package app.
type App interface {
	CreateAccount(context.Context, app.Caller, app.CreateAccount) (app.CreatedAccount, error)
	CreateCustomer(context.Context, app.Caller, app.CreateAccount) (app.CreatedAccount, error)
	ActivateAccount(ctx context.Context, token string, c app.ActivateAccount) (app.Written, error)
	Invitation(ctx context.Context, token string) (app.Invited, error)
	ResendInvitation(context.Context, app.Caller, uuid.UUID, app.Command) (app.Written, error)
	CloseAccount(context.Context, app.Caller, uuid.UUID, app.Command, *app.Revision) (app.Written, error)
	EditAccount(context.Context, app.Caller, app.EditAccount) (app.Written, error)
	AssignChannelContact(context.Context, app.Caller, uuid.UUID, app.Command, app.Contact) (app.AssignedContact, error)
	RemoveChannelContact(ctx context.Context, c app.Caller, account, contact uuid.UUID, cmd app.Command) (app.Written, error)
	SecureAccount(context.Context, app.Caller, app.SecureAccount) (app.Written, error)
	DefineProfile(context.Context, app.Caller, app.DefineProfile) (app.Written, error)
	EditProfile(context.Context, app.Caller, app.EditProfile) (app.Written, error)
	RemoveProfile(context.Context, app.Caller, app.RemoveProfile) (app.Written, error)
	AddExternalAccount(context.Context, app.Caller, app.AddExternalAccount) (app.Written, error)
	EditExternalAccount(context.Context, app.Caller, app.EditExternalAccount) (app.Written, error)
	RemoveExternalAccount(context.Context, app.Caller, app.RemoveExternalAccount) (app.Written, error)
	// Admit fails with app.ErrAddressNotAdmitted when the caller's account is not
	// to be used from the address.
	Admit(ctx context.Context, c app.Caller, from netip.Addr) error
	EstablishPartnership(context.Context, app.Caller, app.EstablishPartnership) (app.Written, error)
	AssignPartnerProfile(context.Context, app.Caller, app.AssignPartnerProfile) (app.Written, error)
	EndPartnership(ctx context.Context, c app.Caller, reseller, customer uuid.UUID, cmd app.Command) (app.Written, error)
	ErasePerson(ctx context.Context, c app.Caller, person uuid.UUID, command app.Command) (app.Written, error)

	InviteUser(context.Context, app.Caller, app.InviteUser) (app.Written, error)
	EditUser(context.Context, app.Caller, app.EditUser) (app.Written, error)
	ResendUserInvitation(context.Context, app.Caller, app.UserCommand) (app.Written, error)
	RevokeUserInvitation(context.Context, app.Caller, app.UserCommand) (app.Written, error)
	DeactivateUser(context.Context, app.Caller, app.UserCommand) (app.Written, error)
	ReactivateUser(context.Context, app.Caller, app.UserCommand) (app.Written, error)
	Users(context.Context, app.Caller, app.UserQuery) (app.List[app.UserRow], error)
	User(ctx context.Context, c app.Caller, account, user uuid.UUID, f app.Freshness) (app.UserRow, app.Position, error)
	Self(context.Context, app.Caller) (account.Person, error)
	SignIn(context.Context, app.SignIn) (app.SignedIn, error)
	StartAtIssuer(ctx context.Context, redirectURI string) (app.IssuerStart, error)
	SignInAtIssuer(context.Context, app.AtIssuer) (app.SignedIn, error)
	Sessions(context.Context, app.Caller) ([]app.Session, error)
	EndSession(context.Context, app.Caller, uuid.UUID) error
	EndSessions(context.Context, app.Caller) error
	ChangePassword(context.Context, app.Caller, app.ChangePassword) (app.Written, error)
	RequestPasswordReset(context.Context, app.RequestReset) error
	PasswordReset(ctx context.Context, token string) (app.PasswordReset, error)
	ResetPassword(ctx context.Context, token string, c app.ResetPassword) (app.Written, error)
	CreateToken(context.Context, app.Caller, app.CreateToken) (app.CreatedToken, error)
	Tokens(context.Context, app.Caller) ([]app.PersonalToken, error)
	RevokeToken(context.Context, app.Caller, uuid.UUID) error

	GrantAudit(context.Context, app.Caller, app.GrantAudit) (app.GrantedAudit, error)
	AuditGrants(context.Context, app.Caller, app.AuditGrantQuery) (app.List[app.AuditGrantRow], error)
	AuditGrant(context.Context, app.Caller, uuid.UUID) (app.AuditGrantRow, app.Position, error)
	RevokeAudit(context.Context, app.Caller, uuid.UUID, app.Command, *app.Revision) (app.Written, error)

	RegisterDevices(context.Context, app.Caller, app.RegisterDevices) (app.BulkResult, error)
	TransferDevices(context.Context, app.Caller, app.TransferDevices) (app.BulkResult, error)
	PreviewRenewals(context.Context, app.Caller, app.RenewDevices) ([]app.RenewalPreview, error)
	PlanTransfer(context.Context, app.Caller, app.TransferDevices) (app.TransferPlan, error)
	TransferPlan(context.Context, app.Caller, uuid.UUID) (app.TransferPlan, error)
	Transfer(context.Context, app.Caller, uuid.UUID) (app.TransferRecord, error)
	ReverseTransfer(context.Context, app.Caller, app.ReverseTransfer) (app.BulkResult, error)
	RequestRelease(context.Context, app.Caller, app.RequestRelease) (app.ReleaseRow, error)
	ReleaseRequests(context.Context, app.Caller) ([]app.ReleaseRow, app.Position, error)
	ReleaseRequest(context.Context, app.Caller, uuid.UUID) (app.ReleaseRow, error)
	AnswerRelease(ctx context.Context, c app.Caller, id uuid.UUID, grant bool, command app.Command) (app.ReleaseRow, error)
	RenewDevices(context.Context, app.Caller, app.RenewDevices) (app.BulkResult, error)
	Renewal(context.Context, app.Caller, uuid.UUID, app.Freshness, app.Page) (app.List[app.RenewedDevice], error)
	ReverseRenewal(context.Context, app.Caller, app.ReverseRenewal) (app.BulkResult, error)
	GrantAllocation(context.Context, app.Caller, app.GrantAllocation) (app.Written, error)
	EditDevice(context.Context, app.Caller, app.EditDevice) (app.Written, error)
	SuspendDevice(context.Context, app.Caller, app.DeviceCommand) (app.Written, error)
	ResumeDevice(context.Context, app.Caller, app.DeviceCommand) (app.Written, error)
	RetireDevice(context.Context, app.Caller, app.DeviceCommand) (app.Written, error)

	Customers(context.Context, app.Caller, app.CustomerQuery) (app.List[app.CustomerRow], error)
	Devices(context.Context, app.Caller, app.DeviceQuery) (app.List[app.DeviceRow], error)
	Device(ctx context.Context, c app.Caller, id string, f app.Freshness) (app.DeviceRow, app.Position, error)
	DeviceHistory(ctx context.Context, c app.Caller, id string) ([]app.HistoryItem, error)
	Accounts(context.Context, app.Caller, app.AccountQuery) (app.List[app.AccountRow], error)
	Account(context.Context, app.Caller, uuid.UUID, app.Freshness) (app.AccountRow, app.Position, error)
	Partnerships(context.Context, app.Caller, uuid.UUID, app.Freshness) ([]app.PartnershipRow, app.Position, error)

	SandboxTime(app.Caller) (time.Time, error)
	MoveClock(context.Context, app.Caller, app.MoveClock) (time.Time, app.Position, error)

	Submit(context.Context, app.Caller, app.Submission) (app.Operation, error)
	Operation(context.Context, app.Caller, uuid.UUID) (app.Operation, error)
	OperationResults(ctx context.Context, c app.Caller, id uuid.UUID, after, limit int) ([]app.ItemResult, error)
}

// Authenticator finds the caller of a bearer token. A token that is not known,
// or no longer usable, is identity.ErrUnknownToken.
type Authenticator interface {
	Authenticate(ctx context.Context, token string) (app.Caller, error)
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
	Position  app.Position
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
