package app_test

import (
	"context"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// readingUseCases are those that take a caller and change nothing.
var readingUseCases = []string{
	"Accounts", "Account", "Customers", "Partnerships", "Devices", "Device", "DeviceHistory", "Users", "User", "Self", "Admit",
	"Sessions", "Tokens", "Operation", "OperationResults", "Renewal", "Transfer", "TransferPlan", "ReleaseRequests", "ReleaseRequest",
	"SandboxTime", "AuditGrants", "AuditGrant",
}

// An auditor changes nothing, whatever the use case, and a dry run is refused
// too. A use case that is new has to be put in one of the two lists.
func TestAuditorsWriteNothing(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	m.withOperations()
	reseller := m.account
	customer := m.customer(reseller, "Delta Rail")
	serial := m.registered(customer, router(1))[0]
	foreign := m.registered(m.reseller("South Radio"), router(2))[0]
	moved := m.transfer(customer, reseller, serial)
	renewed, err := m.RenewDevices(m.ctx, operator(), app.RenewDevices{Command: command(), Devices: []string{foreign}, Term: calendar.Months(12)})
	require.NoError(t, err)
	asked, err := m.RequestRelease(m.ctx, administratorOf(customer), app.RequestRelease{Command: command(), SerialNumber: serial, IMEI: imei(1)})
	require.NoError(t, err)
	user := m.invite("bo@x.example", false, "full")
	auditor := m.auditor(reseller, customer)
	acting := auditing(auditor, reseller)
	devices, name, hour := []string{serial}, "new", 60
	transfer := app.TransferDevices{Command: command(), From: reseller, To: customer, Devices: devices}
	renewal := app.RenewDevices{Command: command(), Devices: devices, Term: calendar.Months(12)}
	dryTransfer, dryRenewal := transfer, renewal
	dryTransfer.DryRun, dryRenewal.DryRun = true, true
	device := app.DeviceCommand{Command: command(), Device: serial}
	submit := func(s app.Submission) error { s.Command = command(); _, err := m.Submit(m.ctx, acting, s); return err }
	fail := func(_ any, err error) error { return err }

	writing := map[string]func() []error{
		"CreateAccount":  one(func() error { return fail(m.CreateAccount(m.ctx, auditor, accountNamed("Nope", account.Standard))) }),
		"CreateCustomer": each(auditor, acting, func(c access.Caller) error { return fail(m.CreateCustomer(m.ctx, c, accountNamed("Nope", ""))) }),
		"ResendInvitation": func() []error {
			return []error{fail(m.ResendInvitation(m.ctx, auditor, customer, command())), fail(m.ResendInvitation(m.ctx, auditor, reseller, command()))}
		},
		"CloseAccount": one(func() error { return fail(m.CloseAccount(m.ctx, auditor, customer, command(), nil)) }),
		"EditAccount": one(func() error {
			return fail(m.EditAccount(m.ctx, auditor, app.EditAccount{Command: command(), Account: customer, Name: &name}))
		}),
		"AssignChannelContact": one(func() error {
			return fail(m.AssignChannelContact(m.ctx, auditor, reseller, command(), app.Contact{Email: "cbm@x.example"}))
		}),
		"RemoveChannelContact": one(func() error { return fail(m.RemoveChannelContact(m.ctx, auditor, reseller, uuid.New(), command())) }),
		"SecureAccount": one(func() error {
			return fail(m.SecureAccount(m.ctx, auditor, app.SecureAccount{
				Command: command(), Account: customer, Options: account.Secure{SessionMinutes: &hour, From: netip.Addr{}},
			}))
		}),
		"ErasePerson": one(func() error { return fail(m.ErasePerson(m.ctx, auditor, user, command())) }),
		"InviteUser": one(func() error {
			return fail(m.InviteUser(m.ctx, auditor, app.InviteUser{Command: command(), Account: reseller, Email: "cy@x.example", Administrator: true}))
		}),
		"ResendUserInvitation": one(func() error { return fail(m.ResendUserInvitation(m.ctx, auditor, m.about(user))) }),
		"RevokeUserInvitation": one(func() error { return fail(m.RevokeUserInvitation(m.ctx, auditor, m.about(user))) }),
		"EditUser": one(func() error {
			return fail(m.EditUser(m.ctx, auditor, app.EditUser{UserCommand: m.about(user), Profiles: &[]string{"read-only"}}))
		}),
		"DeactivateUser": one(func() error { return fail(m.DeactivateUser(m.ctx, auditor, m.about(user))) }),
		"ReactivateUser": one(func() error { return fail(m.ReactivateUser(m.ctx, auditor, m.about(user))) }),
		"DefineProfile": one(func() error {
			return fail(m.DefineProfile(m.ctx, auditor, app.DefineProfile{Command: command(), Account: reseller, Name: name, Rights: []string{"devices.read"}}))
		}),
		"EditProfile": one(func() error {
			return fail(m.EditProfile(m.ctx, auditor, app.EditProfile{Command: command(), Account: reseller, Profile: uuid.NewString(), Name: &name}))
		}),
		"RemoveProfile": one(func() error {
			return fail(m.RemoveProfile(m.ctx, auditor, app.RemoveProfile{Command: command(), Account: reseller, Profile: uuid.NewString()}))
		}),
		"AddExternalAccount": one(func() error {
			return fail(m.AddExternalAccount(m.ctx, auditor, texting(command(), customer, "sms", "secret")))
		}),
		"EditExternalAccount": one(func() error {
			return fail(m.EditExternalAccount(m.ctx, auditor, app.EditExternalAccount{Command: command(), Account: customer, ExternalAccount: uuid.New(), Label: &name}))
		}),
		"RemoveExternalAccount": one(func() error {
			return fail(m.RemoveExternalAccount(m.ctx, auditor, app.RemoveExternalAccount{Command: command(), Account: customer, ExternalAccount: uuid.New()}))
		}),
		"EstablishPartnership": one(func() error {
			return fail(m.EstablishPartnership(m.ctx, auditor, app.EstablishPartnership{Command: command(), Reseller: reseller, Customer: customer}))
		}),
		"AssignPartnerProfile": one(func() error {
			return fail(m.AssignPartnerProfile(m.ctx, auditor, app.AssignPartnerProfile{Command: command(), Reseller: reseller, Customer: customer, Profile: "renewals"}))
		}),
		"EndPartnership": one(func() error { return fail(m.EndPartnership(m.ctx, auditor, reseller, customer, command())) }),
		"RegisterDevices": each(auditor, acting, func(c access.Caller) error {
			return fail(m.RegisterDevices(m.ctx, c, app.RegisterDevices{Command: command(), Items: []app.Registration{router(3)}}))
		}),
		"PreviewRenewals": one(func() error { return fail(m.PreviewRenewals(m.ctx, auditor, renewal)) }),
		"RenewDevices": func() []error {
			return []error{fail(m.RenewDevices(m.ctx, auditor, renewal)), fail(m.RenewDevices(m.ctx, auditor, dryRenewal))}
		},
		"ReverseRenewal": one(func() error {
			return fail(m.ReverseRenewal(m.ctx, auditor, app.ReverseRenewal{Command: command(), Renewal: renewed.ID}))
		}),
		"GrantAllocation": one(func() error {
			return fail(m.GrantAllocation(m.ctx, auditor, app.GrantAllocation{Command: command(), Device: serial, Term: calendar.Months(12)}))
		}),
		"EditDevice": one(func() error {
			return fail(m.EditDevice(m.ctx, auditor, app.EditDevice{Command: command(), Device: serial, Name: &name}))
		}),
		"SuspendDevice": one(func() error { return fail(m.SuspendDevice(m.ctx, auditor, device)) }),
		"ResumeDevice":  one(func() error { return fail(m.ResumeDevice(m.ctx, auditor, device)) }),
		"RetireDevice":  one(func() error { return fail(m.RetireDevice(m.ctx, auditor, device)) }),
		"PlanTransfer":  one(func() error { return fail(m.PlanTransfer(m.ctx, auditor, transfer)) }),
		"TransferDevices": func() []error {
			return []error{fail(m.TransferDevices(m.ctx, auditor, transfer)), fail(m.TransferDevices(m.ctx, auditor, dryTransfer))}
		},
		"ReverseTransfer": one(func() error {
			c := app.ReverseTransfer{Command: command(), Transfer: moved.ID}
			c.Reason = "a mistake"
			return fail(m.ReverseTransfer(m.ctx, auditor, c))
		}),
		"RequestRelease": each(auditor, acting, func(c access.Caller) error {
			return fail(m.RequestRelease(m.ctx, c, app.RequestRelease{Command: command(), SerialNumber: foreign, IMEI: imei(2)}))
		}),
		"AnswerRelease": one(func() error { return fail(m.AnswerRelease(m.ctx, auditor, asked.Request.Request, true, command())) }),
		"Submit": func() []error {
			return []error{
				submit(app.Submission{Kind: ports.OperationRegistration, Registrations: app.RegisterDevices{Items: []app.Registration{router(3)}}}),
				submit(app.Submission{Kind: ports.OperationTransfer, Transfer: transfer}),
				submit(app.Submission{Kind: ports.OperationRenewal, Renewal: renewal}),
			}
		},
		"GrantAudit": one(func() error { return fail(m.GrantAudit(m.ctx, auditor, m.grantFor(reseller))) }),
		"RevokeAudit": one(func() error {
			return fail(m.RevokeAudit(m.ctx, auditor, uuid.MustParse(auditor.Actor.ID), command(), nil))
		}),
		"MoveClock": nil, // there is none here, and it is the operator's
		"CreateToken": sessionRequired(t, func() error {
			return fail(m.CreateToken(m.ctx, auditor, app.CreateToken{Command: command(), Label: "x", Profile: "full", ExpiresAt: m.clock.Now().AddDate(0, 1, 0)}))
		}),
		"RevokeToken": sessionRequired(t, func() error { return m.RevokeToken(m.ctx, auditor, uuid.New()) }),
		"EndSession":  sessionRequired(t, func() error { return m.EndSession(m.ctx, auditor, uuid.New()) }),
		"ChangePassword": sessionRequired(t, func() error {
			return fail(m.ChangePassword(m.ctx, auditor, app.ChangePassword{Command: command(), Current: "x", Password: "correct horse battery"}))
		}),
		"EndSessions": sessionRequired(t, func() error { return m.EndSessions(m.ctx, auditor) }),
	}
	before := m.entireLog()
	for name, try := range writing {
		if try == nil {
			continue
		}
		for _, err := range try() {
			require.ErrorIs(t, err, access.ErrForbidden, name)
		}
	}
	require.NotZero(t, before)
	require.Equal(t, before, m.entireLog())

	methods := reflect.TypeFor[*app.App]()
	for method := range methods.Methods() {
		takesCaller := slices.Contains(slices.Collect(method.Type.Ins()), reflect.TypeFor[access.Caller]())
		_, writes := writing[method.Name]
		if takesCaller && writes == slices.Contains(readingUseCases, method.Name) {
			t.Errorf("%s has to be in exactly one of writing and readingUseCases", method.Name)
		}
	}
}

func one(try func() error) func() []error { return func() []error { return []error{try()} } }

func each(a, b access.Caller, try func(access.Caller) error) func() []error {
	return func() []error { return []error{try(a), try(b)} }
}

// sessionRequired is for what is only for who has signed in.
func sessionRequired(t *testing.T, try func() error) func() []error {
	t.Helper()
	return func() []error { refused(t, try(), app.CodeSessionRequired); return nil }
}

// entireLog counts the events of the log, of whatever stream.
func (w *world) entireLog() int {
	w.t.Helper()
	n := 0
	for _, err := range w.log.ReadAll(context.WithoutCancel(w.ctx), eventlog.Position{}, "") {
		require.NoError(w.t, err)
		n++
	}
	return n
}
