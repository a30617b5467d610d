package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Numbers of further devices.
const (
	askedSerial, askedIMEI = "LD00000000000003", "004400000000032"
	spareSerial, spareIMEI = "LD00000000000004", "004400000000040"
	otherRob               = "rob@summit.example"
)

// full is a desk with something on every page, and what stands there.
type full struct {
	*desk
	gone, waiting                 uuid.UUID // accounts: whose invitation has ended, and whose has not
	first, second, asked          string    // devices: the customer's, and two of the reseller's
	plan, refused                 uuid.UUID // of transfers
	notice, mail                  uuid.UUID
	order, applied                uuid.UUID
	done, running, failed         uuid.UUID // operations
	reset, confirmation, lateMail string    // tokens
	audit                         string    // an auditor's
	hook                          uuid.UUID // a webhook, whose address answers nothing
}

// givenFull gives a desk with something on every page.
func givenFull(t *testing.T) *full {
	t.Helper()
	f := &full{desk: givenDesk(t)}
	f.first, f.second = f.registered(t, serial, imei, "engine-1"), f.registered(t, otherSerial, otherIMEI, "engine-2")
	f.asked = f.registered(t, askedSerial, askedIMEI, "engine-3")
	f.gone = f.customerOf(t, "Late Lodge", "leo@late.example")
	sam := f.Client(f.Token(f.reseller, ""))
	made, err := sam.CreateWebhook(t.Context(), nil, client.NewWebhook{Label: "warehouse", Address: "https://127.0.0.1:65000/", Types: &[]string{"Renamed"}})
	must(t, err)
	f.hook = made.JSON201.Id
	_, err = sam.TransferDevices(t.Context(), nil, client.TransferDevicesJSONRequestBody{From: &f.reseller, To: &f.customer, Devices: &[]string{f.first}})
	must(t, err)
	f.lateMail = f.anotherAddress(t, "sam@summit.example", "sam@late.example")
	f.Clock.Advance(8 * 24 * time.Hour) // invitations and links of before have ended
	f.waiting = f.customerOf(t, "Waiting Works", "will@waiting.example")
	f.people(t)
	f.audits(t)
	f.requests(t)
	f.plans(t)
	f.notices(t)
	f.operations(t)
	f.factors(t)
	f.caughtUp(t)
	return f
}

// customerOf creates a customer that nobody has activated.
func (f *full) customerOf(t *testing.T, name, email string) uuid.UUID {
	t.Helper()
	made, err := f.Client(f.Token(f.reseller, "")).CreateCustomer(t.Context(), nil, client.CreateCustomerJSONRequestBody{
		Name: name, Administrator: openapi.Administrator{Email: email},
	})
	must(t, err)
	return made.JSON201.Uid
}

// session is a client of somebody who has signed in.
func (f *full) session(t *testing.T, email string) (*client.Client, openapi.Me) {
	t.Helper()
	c := f.Client(f.signedIn(t, email).session())
	me, err := c.GetMe(t.Context(), &client.GetMeParams{})
	must(t, err)
	return c, *me.JSON200
}

// anotherAddress asks for another address and gives the token that confirms it.
func (f *full) anotherAddress(t *testing.T, email, another string) string {
	t.Helper()
	c, me := f.session(t, email)
	_, err := c.EditMe(t.Context(), nil, client.EditMeJSONRequestBody{Email: &another})
	must(t, err)
	return f.App.Tokens.EmailChange(uuid.MustParse(me.Id), 1)
}

// people are another reseller without customers, a user who may only read, and links
// to choose a password and confirm an address with.
func (f *full) people(t *testing.T) {
	t.Helper()
	empty, err := f.Client(apitest.OperatorToken).CreateAccount(t.Context(), nil, client.CreateAccountJSONRequestBody{
		Name: "Empty Desk", Type: openapi.Reseller, Administrator: openapi.Administrator{Email: "eve@empty.example"},
	})
	must(t, err)
	f.activated(t, empty.JSON201.Uid, "Eve Empty")
	user, err := f.Client(f.Token(f.reseller, "")).InviteUser(t.Context(), f.reseller, nil, client.NewUser{Email: otherRob, Profiles: &[]string{"read-only"}})
	must(t, err)
	nobody := f.Client("")
	_, err = nobody.ActivateAccount(t.Context(), f.App.Tokens.UserInvitation(user.JSON201.Uid, 1), client.ActivateAccountJSONRequestBody{Name: new("Rob Read"), Password: password})
	must(t, err)
	_, err = nobody.RequestPasswordReset(t.Context(), client.RequestPasswordResetJSONRequestBody{Email: otherRob})
	must(t, err)
	f.reset = f.App.Tokens.PasswordReset(user.JSON201.Uid, 1)
	for _, err = nobody.GetPasswordReset(t.Context(), f.reset); err != nil; _, err = nobody.GetPasswordReset(t.Context(), f.reset) { // a job sends it
		must(t, t.Context().Err())
	}
	f.confirmation = f.anotherAddress(t, otherRob, "rob@new.example")
}

// Users of an account that requires a second factor: one has an authenticator app, the
// other has to set one up.
const (
	withFactor    = "fay@factor.example"
	withoutFactor = "noah@factor.example"
)

func (f *full) factors(t *testing.T) {
	t.Helper()
	account, err := f.Client(apitest.OperatorToken).CreateAccount(t.Context(), nil, client.CreateAccountJSONRequestBody{
		Name: "Factor Freight", Type: openapi.Standard, Administrator: openapi.Administrator{Email: withFactor},
	})
	must(t, err)
	uid := account.JSON201.Uid
	f.activated(t, uid, "Fay Factor")
	fay, _ := f.session(t, withFactor)
	begun, err := fay.AddFactor(t.Context(), nil, client.NewFactor{Kind: openapi.Totp, Name: "Phone"})
	must(t, err)
	_, err = fay.ConfirmFactor(t.Context(), begun.JSON201.Id, nil, client.FactorConfirmation{Code: new(f.code(t, *begun.JSON201.Secret))})
	must(t, err)
	_, err = fay.ReplaceRecoveryCodes(t.Context(), nil)
	must(t, err)
	user, err := fay.InviteUser(t.Context(), uid, nil, client.NewUser{Email: withoutFactor, Administrator: new(true)})
	must(t, err)
	_, err = f.Client("").ActivateAccount(t.Context(), f.App.Tokens.UserInvitation(user.JSON201.Uid, 1), client.ActivateAccountJSONRequestBody{Name: new("Noah None"), Password: password})
	must(t, err)
	_, err = fay.SecureAccount(t.Context(), uid, nil, client.SecurityEdit{SecondFactor: new(true)})
	must(t, err)
}

// audits are an auditor's grant to read what is the reseller's.
func (f *full) audits(t *testing.T) {
	t.Helper()
	granted, err := f.Client(apitest.OperatorToken).GrantAudit(t.Context(), nil, client.GrantAuditJSONRequestBody{
		Auditor: openapi.Auditor{Email: "ann@audit.example", Name: new("Ann Auditor")}, Accounts: []uuid.UUID{f.reseller},
		ExpiresAt: f.Clock.Now().Add(30 * 24 * time.Hour),
	})
	must(t, err)
	f.audit = granted.JSON201.Token
}

// requests are wishes of others: to release a device, to be a partner, to renew.
func (f *full) requests(t *testing.T) {
	t.Helper()
	operator, pat := f.Client(apitest.OperatorToken), f.Client(f.Token(f.customer, ""))
	_, err := pat.RequestRelease(t.Context(), nil, client.RequestReleaseJSONRequestBody{SerialNumber: askedSerial, Imei: new(askedIMEI), Reason: new("Bought second hand")})
	must(t, err)
	eve, _ := f.session(t, "eve@empty.example")
	_, err = eve.RequestPartnership(t.Context(), nil, client.RequestPartnershipJSONRequestBody{
		Account: f.customer, Profile: new("renewals"), Note: new("We met in May. Your routers in the depots end in autumn, and we would look after them."),
	})
	must(t, err)
	order := func(number string) uuid.UUID {
		made, err := pat.RenewDevices(t.Context(), nil, client.RenewDevicesJSONRequestBody{Devices: []string{f.first}, Term: new("P1Y"), OrderNumber: &number})
		must(t, err)
		return *made.JSON200.Id
	}
	f.applied, f.order = order("PO-7"), uuid.Nil
	_, err = operator.ApplyRenewal(t.Context(), f.applied, nil, client.ApplyRenewalJSONRequestBody{})
	must(t, err)
	f.order = order("PO-8")
}

// plans are of transfers: one of which a part is refused, and one of which all is.
func (f *full) plans(t *testing.T) {
	t.Helper()
	sam := f.Client(f.Token(f.reseller, ""))
	plan := func(devices ...string) uuid.UUID {
		made, err := sam.PlanTransfer(t.Context(), nil, client.PlanTransferJSONRequestBody{From: f.reseller, To: f.customer, Devices: devices})
		must(t, err)
		return made.JSON201.Id
	}
	f.plan, f.refused = plan(f.second, f.first, "XC00000000000000"), plan(f.first)
}

// notices are sent, two years ahead: all devices are due then.
func (f *full) notices(t *testing.T) {
	t.Helper()
	operator := f.Client(apitest.OperatorToken)
	_, err := operator.EditDevice(t.Context(), f.first, nil, client.EditDeviceJSONRequestBody{Labels: &[]string{"depot west", "night"}})
	must(t, err)
	at, err := f.Epoch.ParsePosition(operator.Position())
	must(t, err)
	on := apitest.Now.AddDate(2, 0, 17) // the 1st of April
	reached, err := f.App.Notices.SendDue(t.Context(), f.reseller, on, at)
	must(t, err)
	position := f.Epoch.Position(reached)
	sent, err := operator.ListNotices(t.Context(), &client.ListNoticesParams{MinPosition: &position})
	must(t, err)
	f.notice = sent.JSON200.Items[0].Id
	mails, err := operator.ListOutbox(t.Context(), nil)
	must(t, err)
	f.mail = mails.JSON200.Items[0].Id
}

// operations are one that is done, one that goes on and one that has stopped; the
// latter two are made of the first.
func (f *full) operations(t *testing.T) {
	t.Helper()
	sam := f.Client(f.Token(f.reseller, ""))
	csv := "GATEWAY[SERIAL NUMBER],GATEWAY[IMEI],NAME\n" + spareSerial + "," + spareIMEI + ",engine-4\n" + "XC1,12,engine-5\n"
	started := func() uuid.UUID {
		made, err := sam.RegisterDevicesWithBody(t.Context(), &client.RegisterDevicesParams{Prefer: new("respond-async")}, "text/csv", strings.NewReader(csv))
		must(t, err)
		id := made.JSON202.Id
		for {
			op, err := sam.GetOperation(t.Context(), id, nil)
			must(t, err)
			if op.JSON200.State == "done" {
				return id
			}
		}
	}
	f.done, f.running, f.failed = started(), started(), started()
	_, err := f.Pool.Exec(t.Context(), `UPDATE ops.operations SET state = 'running', done = 1, finished_at = NULL WHERE id = $1`, f.running)
	must(t, err)
	_, err = f.Pool.Exec(t.Context(), `UPDATE ops.operations SET state = 'failed', error = 'The account was closed.' WHERE id = $1`, f.failed)
	must(t, err)
}
