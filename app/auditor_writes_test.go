package app_test

import (
	"context"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/notices"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/app/webhooks"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// readingUseCases are those that take a caller and change nothing.
var readingUseCases = strings.Fields(`Access.Fresh Access.Request Access.StillHolds
	SecurityLog.List SecurityLog.OperatorToken SecurityLog.Refused
	Accounts.Admit Accounts.Customers Accounts.Get Accounts.Holdings Accounts.List Accounts.Own Audits.Get Audits.List
	Devices.Explain Devices.Get Devices.History Devices.List Devices.ReleaseRequest Devices.ReleaseRequests Devices.ServiceDays
	Notices.Choice Notices.Get Notices.List Notices.Outbox Notices.OutboxMail
	Feed.Open Feed.Tells Webhooks.Deliveries Webhooks.Get Webhooks.List Forecasts.Get Operations.Get Operations.List Operations.Results Partnerships.GetRequest Partnerships.List Partnerships.Requests
	People.Get People.AccountTokens People.CallerNow People.Calendars People.Factors People.List People.NoteUse People.SessionsOfUser People.TokensOfUser People.Self People.Sessions People.Tokens People.Views
	Renewals.Align Renewals.Allocations Renewals.Get Renewals.List Schedule.SandboxTime
	Transfers.Get Transfers.List Transfers.TransferPlan Transfers.TransferPlans Transparency.Export Transparency.Proof`)

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
	renewed, err := m.Renewals.Renew(m.ctx, operator(), renewals.Renew{Command: newCommand(), Devices: []string{foreign}, Term: calendar.Months(12)})
	require.NoError(t, err)
	asked, err := m.Devices.RequestRelease(m.ctx, administratorOf(customer), devices.RequestRelease{Command: newCommand(), SerialNumber: serial, IMEI: imei(1)})
	require.NoError(t, err)
	wanted, err := m.Partnerships.Request(m.ctx, administratorOf(reseller), partnerships.Request{Command: newCommand(), Customer: m.standard("East Rail")})
	require.NoError(t, err)
	user := m.invite("bo@x.example", false, "full")
	auditor := m.auditor(reseller, customer)
	acting := auditing(auditor, reseller)
	names, name, hour := []string{serial}, "new", 60
	move := transfers.Transfer{Command: newCommand(), From: reseller, To: customer, Devices: names}
	renew := renewals.Renew{Command: newCommand(), Devices: names, Term: calendar.Months(12)}
	dryMove, dryRenew := move, renew
	dryMove.DryRun, dryRenew.DryRun = true, true
	cycle := devices.LifeCycle{Command: newCommand(), Device: serial}
	submit := func(s operations.Submission) error {
		s.Command = newCommand()
		_, err := m.Operations.Submit(m.ctx, acting, s)
		return err
	}
	fail := func(_ any, err error) error { return err }

	writing := map[string]func() []error{
		"Accounts.Create": one(func() error { return fail(m.Accounts.Create(m.ctx, auditor, accountNamed("Nope", account.Standard))) }),
		"Accounts.CreateCustomer": each(auditor, acting, func(c access.Caller) error {
			return fail(m.Accounts.CreateCustomer(m.ctx, c, accountNamed("Nope", "")))
		}),
		"Accounts.ResendInvitation": func() []error {
			return []error{fail(m.Accounts.ResendInvitation(m.ctx, auditor, customer, newCommand())), fail(m.Accounts.ResendInvitation(m.ctx, auditor, reseller, newCommand()))}
		},
		"Accounts.Close": one(func() error {
			return fail(m.Accounts.Close(m.ctx, auditor, accounts.Close{Command: newCommand(), Account: customer, Confirm: true}))
		}),
		"Accounts.Reopen": one(func() error {
			return fail(m.Accounts.Reopen(m.ctx, auditor, accounts.Reopen{Command: newCommand(), Account: customer}))
		}),
		"Accounts.WithdrawPending": one(func() error {
			return fail(m.Accounts.WithdrawPending(m.ctx, auditor, accounts.Close{Command: newCommand(), Account: customer, Confirm: true}))
		}),
		"Accounts.CorrectEmail": one(func() error {
			return fail(m.Accounts.CorrectEmail(m.ctx, auditor, accounts.CorrectEmail{Command: newCommand(), Account: customer, Email: "a@x.example"}))
		}),
		"Accounts.Edit": one(func() error {
			return fail(m.Accounts.Edit(m.ctx, auditor, accounts.Edit{Command: newCommand(), Account: customer, Name: &name}))
		}),
		"Accounts.AssignChannelContact": one(func() error {
			return fail(m.Accounts.AssignChannelContact(m.ctx, auditor, reseller, newCommand(), account.Contact{Email: "cbm@x.example"}))
		}),
		"Accounts.RemoveChannelContact": one(func() error {
			return fail(m.Accounts.RemoveChannelContact(m.ctx, auditor, reseller, uuid.New(), newCommand()))
		}),
		"Accounts.Secure": one(func() error {
			return fail(m.Accounts.Secure(m.ctx, auditor, accounts.Secure{
				Command: newCommand(), Account: customer, Options: account.Secure{SessionMinutes: &hour, From: netip.Addr{}},
			}))
		}),
		"Webhooks.Create": each(auditor, acting, func(c access.Caller) error {
			return fail(m.Webhooks.Create(m.ctx, c, webhooks.Create{Command: newCommand(), Label: "x", Address: "https://x.example"}))
		}),
		"Webhooks.Edit": each(auditor, acting, func(c access.Caller) error {
			return fail(m.Webhooks.Edit(m.ctx, c, uuid.New(), webhooks.Edit{Label: &name}))
		}),
		"Webhooks.Rotate": each(auditor, acting, func(c access.Caller) error { return fail(m.Webhooks.Rotate(m.ctx, c, uuid.New(), newCommand(), 0)) }),
		"Webhooks.Replay": each(auditor, acting, func(c access.Caller) error { return fail(m.Webhooks.Replay(m.ctx, c, uuid.New(), uuid.Nil)) }),
		"Webhooks.Remove": each(auditor, acting, func(c access.Caller) error { return m.Webhooks.Remove(m.ctx, c, uuid.New()) }),
		"Webhooks.Test":   each(auditor, acting, func(c access.Caller) error { return fail(m.Webhooks.Test(m.ctx, c, uuid.New())) }),
		"People.Erase":    one(func() error { return fail(m.People.Erase(m.ctx, auditor, user, newCommand())) }),
		"People.GiveUp":   one(func() error { return fail(m.People.GiveUp(m.ctx, auditor, user, nil, newCommand())) }),
		"People.Invite": one(func() error {
			return fail(m.People.Invite(m.ctx, auditor, people.Invite{Command: newCommand(), Account: reseller, Email: "cy@x.example", Administrator: true}))
		}),
		"People.ResendInvitation": one(func() error { return fail(m.People.ResendInvitation(m.ctx, auditor, m.about(user))) }),
		"People.RevokeInvitation": one(func() error { return fail(m.People.RevokeInvitation(m.ctx, auditor, m.about(user))) }),
		"People.Edit": one(func() error {
			return fail(m.People.Edit(m.ctx, auditor, people.Edit{UserCommand: m.about(user), Profiles: &[]string{"read-only"}}))
		}),
		"People.Deactivate": one(func() error { return fail(m.People.Deactivate(m.ctx, auditor, m.about(user))) }),
		"People.Reactivate": one(func() error { return fail(m.People.Reactivate(m.ctx, auditor, m.about(user))) }),
		"Accounts.DefineProfile": one(func() error {
			return fail(m.Accounts.DefineProfile(m.ctx, auditor, accounts.DefineProfile{Command: newCommand(), Account: reseller, Name: name, Rights: []string{"devices.read"}}))
		}),
		"Accounts.EditProfile": one(func() error {
			return fail(m.Accounts.EditProfile(m.ctx, auditor, accounts.EditProfile{Command: newCommand(), Account: reseller, Profile: uuid.NewString(), Name: &name}))
		}),
		"Accounts.RemoveProfile": one(func() error {
			return fail(m.Accounts.RemoveProfile(m.ctx, auditor, accounts.RemoveProfile{Command: newCommand(), Account: reseller, Profile: uuid.NewString()}))
		}),
		"Accounts.AddExternalAccount": one(func() error {
			return fail(m.Accounts.AddExternalAccount(m.ctx, auditor, texting(newCommand(), customer, "sms", "secret")))
		}),
		"Accounts.EditExternalAccount": one(func() error {
			return fail(m.Accounts.EditExternalAccount(m.ctx, auditor, accounts.EditExternalAccount{Command: newCommand(), Account: customer, ExternalAccount: uuid.New(), Label: &name}))
		}),
		"Accounts.RemoveExternalAccount": one(func() error {
			return fail(m.Accounts.RemoveExternalAccount(m.ctx, auditor, accounts.RemoveExternalAccount{Command: newCommand(), Account: customer, ExternalAccount: uuid.New()}))
		}),
		"Partnerships.Establish": one(func() error {
			return fail(m.Partnerships.Establish(m.ctx, auditor, partnerships.Establish{Command: newCommand(), Reseller: reseller, Customer: customer}))
		}),
		"Partnerships.Request": each(auditor, acting, func(c access.Caller) error {
			return fail(m.Partnerships.Request(m.ctx, c, partnerships.Request{Command: newCommand(), Customer: uuid.New()}))
		}),
		"Partnerships.AcceptRequest": one(func() error {
			return fail(m.Partnerships.AcceptRequest(m.ctx, auditor, partnerships.AcceptRequest{Command: newCommand(), ID: wanted.UID}))
		}),
		"Partnerships.DeclineRequest":  one(func() error { return fail(m.Partnerships.DeclineRequest(m.ctx, auditor, wanted.UID, newCommand())) }),
		"Partnerships.WithdrawRequest": one(func() error { return fail(m.Partnerships.WithdrawRequest(m.ctx, auditor, wanted.UID, newCommand())) }),
		"Partnerships.Assign": one(func() error {
			return fail(m.Partnerships.Assign(m.ctx, auditor, partnerships.Assign{Command: newCommand(), Reseller: reseller, Customer: customer, Profile: "renewals"}))
		}),
		"Partnerships.End": one(func() error { return fail(m.Partnerships.End(m.ctx, auditor, reseller, customer, newCommand())) }),
		"Devices.Register": each(auditor, acting, func(c access.Caller) error {
			return fail(m.Devices.Register(m.ctx, c, devices.Register{Command: newCommand(), Items: []devices.Registration{router(3)}}))
		}),
		"Renewals.Preview": one(func() error { return fail(m.Renewals.Preview(m.ctx, auditor, renew)) }),
		"Renewals.Renew": func() []error {
			return []error{fail(m.Renewals.Renew(m.ctx, auditor, renew)), fail(m.Renewals.Renew(m.ctx, auditor, dryRenew))}
		},
		"Renewals.Reverse": one(func() error {
			return fail(m.Renewals.Reverse(m.ctx, auditor, renewals.Reverse{Command: newCommand(), Renewal: renewed.ID}))
		}),
		"Renewals.Apply": one(func() error {
			return fail(m.Renewals.Apply(m.ctx, auditor, renewals.Answer{Command: newCommand(), Renewal: renewed.ID}))
		}),
		"Renewals.Decline": one(func() error {
			return fail(m.Renewals.Decline(m.ctx, auditor, renewals.Answer{Command: newCommand(), Renewal: renewed.ID}))
		}),
		"Renewals.Withdraw": one(func() error {
			return fail(m.Renewals.Withdraw(m.ctx, auditor, renewals.Answer{Command: newCommand(), Renewal: renewed.ID}))
		}),
		"Renewals.Grant": one(func() error {
			return fail(m.Renewals.Grant(m.ctx, auditor, renewals.Grant{Command: newCommand(), Device: serial, Term: calendar.Months(12)}))
		}),
		"Devices.Edit": one(func() error {
			return fail(m.Devices.Edit(m.ctx, auditor, devices.Edit{Command: newCommand(), Device: serial, Name: &name}))
		}),
		"Devices.ChangeMany": one(func() error {
			return fail(m.Devices.ChangeMany(m.ctx, auditor, devices.ChangeMany{Command: newCommand(), Action: devices.RetireEach, Devices: names}))
		}),
		"Devices.Suspend": one(func() error { return fail(m.Devices.Suspend(m.ctx, auditor, cycle)) }),
		"Devices.Resume":  one(func() error { return fail(m.Devices.Resume(m.ctx, auditor, cycle)) }),
		"Devices.Reinstate": one(func() error {
			return fail(m.Devices.Reinstate(m.ctx, auditor, devices.Reinstate{LifeCycle: cycle}))
		}),
		"Devices.Retire": one(func() error { return fail(m.Devices.Retire(m.ctx, auditor, cycle)) }),
		"Transfers.Plan": one(func() error { return fail(m.Transfers.Plan(m.ctx, auditor, move)) }),
		"Transfers.Transfer": func() []error {
			return []error{fail(m.Transfers.Transfer(m.ctx, auditor, move)), fail(m.Transfers.Transfer(m.ctx, auditor, dryMove))}
		},
		"Transfers.Reverse": one(func() error {
			c := transfers.Reverse{Command: newCommand(), Transfer: moved.ID}
			c.Reason = "a mistake"
			return fail(m.Transfers.Reverse(m.ctx, auditor, c))
		}),
		"Devices.RequestRelease": each(auditor, acting, func(c access.Caller) error {
			return fail(m.Devices.RequestRelease(m.ctx, c, devices.RequestRelease{Command: newCommand(), SerialNumber: foreign, IMEI: imei(2)}))
		}),
		"Devices.AnswerRelease": one(func() error {
			return fail(m.Devices.AnswerRelease(m.ctx, auditor, asked.Request.Request, true, newCommand()))
		}),
		"Operations.Submit": func() []error {
			return []error{
				submit(operations.Submission{Kind: ports.OperationRegistration, Registrations: devices.Register{Items: []devices.Registration{router(3)}}}),
				submit(operations.Submission{Kind: ports.OperationTransfer, Transfer: move}),
				submit(operations.Submission{Kind: ports.OperationRenewal, Renewal: renew}),
			}
		},
		"Notices.Acknowledge": one(func() error {
			return fail(m.Notices.Acknowledge(m.ctx, auditor, notices.Acknowledge{Command: newCommand(), Notice: uuid.New()}))
		}),
		"Notices.Choose": one(func() error {
			return fail(m.Notices.Choose(m.ctx, auditor, notices.Choose{Command: newCommand(), Delivery: notice.Each}))
		}),
		"Catalogues.Put": func() []error {
			put := catalogues.Put{Edit: catalogues.Edit{Command: newCommand()}, Model: modelNumber(1)}
			dryPut := put
			dryPut.DryRun = true
			return []error{fail(m.Catalogues.Put(m.ctx, auditor, put)), fail(m.Catalogues.Put(m.ctx, auditor, dryPut))}
		},
		"Catalogues.Withdraw": one(func() error {
			return fail(m.Catalogues.Withdraw(m.ctx, auditor, catalogues.Withdraw{Edit: catalogues.Edit{Command: newCommand()}, Model: "MP70"}))
		}),
		"Audits.Grant": one(func() error { return fail(m.Audits.Grant(m.ctx, auditor, m.grantFor(reseller))) }),
		"Audits.Revoke": one(func() error {
			return fail(m.Audits.Revoke(m.ctx, auditor, uuid.MustParse(auditor.Actor.ID), newCommand(), nil))
		}),
		"Schedule.MoveClock": nil, // there is none here, and it is the operator's
		"People.CreateToken": sessionRequired(t, func() error {
			return fail(m.People.CreateToken(m.ctx, auditor, people.CreateToken{Command: newCommand(), Label: "x", Profile: "full", ExpiresAt: m.clock.Now().AddDate(0, 1, 0)}))
		}),
		"People.CreateCalendar": sessionRequired(t, func() error {
			return fail(m.People.CreateCalendar(m.ctx, auditor, people.CreateCalendar{Command: newCommand(), Label: "x"}))
		}),
		"People.RevokeCalendar":     sessionRequired(t, func() error { return m.People.RevokeCalendar(m.ctx, auditor, uuid.New()) }),
		"People.RevokeAccountToken": one(func() error { return m.People.RevokeAccountToken(m.ctx, auditor, reseller, uuid.New()) }),
		"People.SaveView": sessionRequired(t, func() error {
			return fail(m.People.SaveView(m.ctx, auditor, people.SaveView{Command: newCommand(), Page: "devices", Name: "x"}))
		}),
		"People.RemoveView":  sessionRequired(t, func() error { return fail(m.People.RemoveView(m.ctx, auditor, uuid.New(), newCommand())) }),
		"People.RevokeToken": sessionRequired(t, func() error { return m.People.RevokeToken(m.ctx, auditor, uuid.New()) }),
		"People.EndSession":  sessionRequired(t, func() error { return m.People.EndSession(m.ctx, auditor, uuid.New()) }),
		"People.ChangePassword": sessionRequired(t, func() error {
			return fail(m.People.ChangePassword(m.ctx, auditor, people.ChangePassword{Command: newCommand(), Current: "x", Password: "correct horse battery"}))
		}),
		"People.AddFactor": sessionRequired(t, func() error {
			return fail(m.People.AddFactor(m.ctx, auditor, people.AddFactor{Command: newCommand(), Kind: "totp", Name: "x"}))
		}),
		"People.ConfirmFactor": sessionRequired(t, func() error {
			return fail(m.People.ConfirmFactor(m.ctx, auditor, people.ConfirmFactor{Command: newCommand(), Factor: uuid.New(), Code: "1"}))
		}),
		"People.SignInAgain": sessionRequired(t, func() error {
			return fail(m.People.SignInAgain(m.ctx, auditor, people.SignInAgain{Password: password}))
		}),
		"People.AnswerAgain": sessionRequired(t, func() error {
			return fail(m.People.AnswerAgain(m.ctx, auditor, people.AnswerSecondStep{Challenge: "x", Code: "1"}))
		}),
		"People.RemoveFactor":         sessionRequired(t, func() error { return fail(m.People.RemoveFactor(m.ctx, auditor, uuid.New(), newCommand())) }),
		"People.ReplaceRecoveryCodes": sessionRequired(t, func() error { return fail(m.People.ReplaceRecoveryCodes(m.ctx, auditor, newCommand())) }),
		"People.ResetFactors":         one(func() error { return fail(m.People.ResetFactors(m.ctx, auditor, m.about(user))) }),
		"People.EditSelf": sessionRequired(t, func() error {
			return fail(m.People.EditSelf(m.ctx, auditor, people.EditSelf{Command: newCommand(), Name: &name}))
		}),
		"People.SignInAsOperator": func() []error {
			refused(t, fail(m.People.SignInAsOperator(m.ctx, auditor)), people.CodeOperatorTokenRequired)
			return nil
		},
		"People.SignInAsAuditor": func() []error { // a session is no event, and writes as little
			in, err := m.People.SignInAsAuditor(m.ctx, auditor)
			require.NoError(t, err)
			session, err := m.People.AuditorCaller(m.ctx, in.Token)
			require.NoError(t, err)
			refused(t, fail(m.People.SignInAsAuditor(m.ctx, session)), people.CodeAuditTokenRequired)
			refused(t, fail(m.People.SaveView(m.ctx, session, people.SaveView{Command: newCommand(), Page: "devices", Name: "x"})), people.CodeSessionRequired)
			refused(t, fail(m.People.CreateCalendar(m.ctx, session, people.CreateCalendar{Command: newCommand(), Label: "x"})), people.CodeSessionRequired)
			return []error{
				fail(m.Devices.Suspend(m.ctx, session, cycle)), fail(m.Transfers.Transfer(m.ctx, session, move)), fail(m.Renewals.Renew(m.ctx, session, renew)),
			}
		},
		"People.EndSessions":        sessionRequired(t, func() error { return m.People.EndSessions(m.ctx, auditor, true) }),
		"People.EndSessionOfUser":   one(func() error { return m.People.EndSessionOfUser(m.ctx, auditor, m.about(user), uuid.New()) }),
		"People.EndSessionsOfUser":  one(func() error { return m.People.EndSessionsOfUser(m.ctx, auditor, m.about(user)) }),
		"People.RevokeTokenOfUser":  one(func() error { return m.People.RevokeTokenOfUser(m.ctx, auditor, m.about(user), uuid.New()) }),
		"People.RevokeTokensOfUser": one(func() error { return m.People.RevokeTokensOfUser(m.ctx, auditor, m.about(user)) }),
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

	for name, m := range useCases() {
		takesCaller := slices.Contains(slices.Collect(m.Type.Ins()), reflect.TypeFor[access.Caller]())
		_, writes := writing[name]
		reads := slices.Contains(readingUseCases, name)
		if takesCaller && writes == reads || !takesCaller && (writes || reads) {
			t.Errorf("%s has to be in exactly one of writing and readingUseCases if it takes a caller, else in none", name)
		}
	}
	for _, name := range slices.Concat(readingUseCases, slices.Collect(maps.Keys(writing))) {
		require.Contains(t, useCases(), name, "there is no such use case any more")
	}
}

func one(try func() error) func() []error { return func() []error { return []error{try()} } }

func each(a, b access.Caller, try func(access.Caller) error) func() []error {
	return func() []error { return []error{try(a), try(b)} }
}

// sessionRequired is for what needs somebody who has signed in.
func sessionRequired(t *testing.T, try func() error) func() []error {
	t.Helper()
	return func() []error { refused(t, try(), people.CodeSessionRequired); return nil }
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
