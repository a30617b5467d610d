package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Options are what the desk needs. All are required.
type Options struct {
	API       http.Handler   // the JSON interface, which the pages are a client of
	PublicURL string         // where browsers reach the service, without a slash at the end
	Clock     eventlog.Clock // what today is
	Logger    *slog.Logger
	Issuer    bool // people may sign in at an issuer, too
	Passkeys  bool // people may sign in with passkeys, too
	// Room waits until a tenant's large form may be read.
	Room func(ctx context.Context, tenant string, size int64) (release func(), err error)
}

// Desk answers with pages. It is an http.Handler.
type Desk struct {
	Options
	assets  assets
	handler http.Handler
	// documentation is made when it is first read.
	documentation func() (map[string]leaf, error)
}

// New makes the desk.
func New(o Options) (*Desk, error) {
	loaded, err := loadAssets()
	if err != nil {
		return nil, err
	}
	d := &Desk{Options: o, assets: loaded}
	d.documentation = sync.OnceValues(d.renderDocs)
	d.handler = d.guarded(d.routes())
	return d, nil
}

// ServeHTTP answers one request.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.handler.ServeHTTP(w, r) }

// routes is the table of all pages.
func (d *Desk) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assets/{file}", d.assets.serve)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, d.assets.url("favicon.svg"), http.StatusFound)
	})

	mux.HandleFunc("GET /docs", d.documented)
	mux.HandleFunc("GET /docs/{page...}", d.documented)

	open := func(pattern string, p page) { mux.Handle(pattern, d.page(p, false)) }
	open("GET /sign-in", d.showSignIn)
	open("POST /sign-in", d.signIn)

	open("POST /sign-in/passkey", d.startPasskey)
	open("POST /sign-in/second-step", d.answerStep)

	open("GET /v1/sessions/oidc/callback", d.fromIssuer)
	open("GET /activate/{token}", d.showActivation)
	open("POST /activate/{token}", d.activate)
	open("GET /forgotten-password", d.forgotten)
	open("POST /forgotten-password", d.requestReset)
	open("GET /reset-password/{token}", d.showReset)
	open("POST /reset-password/{token}", d.resetPassword)
	open("GET /confirm-email/{token}", d.showConfirmation)
	open("POST /confirm-email/{token}", d.confirmEmail)

	signedIn := func(pattern string, p page) { mux.Handle(pattern, d.page(p, true)) }
	operator := func(pattern string, p page) { signedIn(pattern, ofOperator(p)) }
	signedIn("POST /sign-out", d.signOut)
	signedIn("GET /{$}", d.customers)
	signedIn("GET /customers/new", d.newCustomer)
	signedIn("POST /customers/new", d.createCustomer)
	signedIn("POST /views", d.changeViews)
	signedIn("GET /accounts", d.accounts)
	operator("GET /accounts/new", d.newAccount)
	operator("POST /accounts/new", d.createAccount)
	operator("GET /grants", d.grants)
	operator("POST /grants", d.grant)
	signedIn("GET /catalogue", d.catalogue)
	operator("POST /catalogue", d.editCatalogue)
	operator("GET /audits", d.audits)
	operator("POST /audits", d.editAudits)
	operator("GET /projections", d.projections)
	signedIn("GET /accounts/{uid}", d.account)
	signedIn("POST /accounts/{uid}", d.changeAccount)
	signedIn("GET /devices", d.devices)
	signedIn("GET /releases", d.releases)
	signedIn("POST /releases", d.changeReleases)
	signedIn("GET /devices/{id}", d.device)
	signedIn("GET /events/{id}/proof", d.proof)
	signedIn("GET /device-changes", d.deviceChanges)
	signedIn("POST /device-changes", d.changeDevices)
	signedIn("GET /customers/ahead", d.renewalsAhead)
	signedIn("GET /notices", d.notices)
	signedIn("POST /notices", d.chooseNotices)
	signedIn("GET /notices/{id}", d.notice)
	signedIn("POST /notices/{id}", d.acknowledgeNotice)
	signedIn("GET /notices/{id}/notice.csv", d.noticeCSV)
	operator("GET /outbox", d.outbox)
	operator("GET /outbox/{id}", d.outboxMail)
	operator("GET /outbox/{id}/html", d.outboxHTML)
	signedIn("GET /customers.csv", d.customersCSV)
	signedIn("GET /devices.csv", d.devicesCSV)
	signedIn("GET /register", d.register)
	signedIn("POST /register", d.registerOne)
	signedIn(filePage, d.registerFile)
	signedIn("GET /register/example.csv", d.exampleCSV)
	signedIn("GET /operations/{id}", d.operation)
	signedIn("GET /operations/{id}/results.csv", d.operationCSV)
	signedIn("GET /partners", d.partners)
	signedIn("POST /partners", d.answerPartnership)
	signedIn("GET /administration", d.administration)
	signedIn("POST /administration", d.administer)
	signedIn("GET /security-log", d.securityLog)
	signedIn("GET /webhooks", d.webhooks)
	signedIn("POST /webhooks", d.makeWebhook)
	signedIn("GET /webhooks/{id}", d.webhook)
	signedIn("POST /webhooks/{id}", d.changeWebhook)
	signedIn("GET /administration/users/{user}", d.user)
	signedIn("POST /administration/users/{user}", d.changeUser)
	signedIn("GET /security", d.security)
	signedIn("POST /security", d.changeSecurity)
	signedIn("GET /transfer", d.transfer)
	signedIn("POST /transfer", d.planTransfer)
	signedIn("GET /transfer/{id}", d.transferPlan)
	signedIn("POST /transfer/{id}", d.commitTransfer)
	signedIn("GET /transfers", d.transfers)
	signedIn("GET /transfers/{id}", d.transferred)
	signedIn("GET /renew", d.renew)
	signedIn("POST /renew", d.order)
	signedIn("GET /orders", d.orders)
	signedIn("GET /orders/{id}", d.renewalOrder)
	signedIn("POST /orders/{id}", d.answerOrder)
	signedIn("POST /transfers/{id}/reversals", d.reverseTransfer)
	signedIn("POST /devices/{id}", d.changeDevice)
	signedIn("GET /devices/{id}/retire", d.retire)

	mux.Handle("/", d.page(func(context.Context, *visit) error { return errNoPage }, false))
	return mux
}

// ofOperator makes a page of the operator's alone: for others there is none.
func ofOperator(p page) page {
	return func(ctx context.Context, v *visit) error {
		if v.me.Kind != "operator" {
			return errNoPage
		}
		return p(ctx, v)
	}
}
