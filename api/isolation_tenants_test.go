package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// tenants are the accounts that the table of tenant isolation speaks of:
//
//	reseller   a reseller account
//	customer   its customer, which gave it the profile full
//	shown      its customer, which it may look at only
//	foreign    an account that it has nothing to do with; the stranger's own
//	missing    no account at all
//
// Each has a device, one more that may be retired, an invitation, a user who has
// not come yet and, of those that all rows share, an operation, orders and
// requests, an audit grant, a user who has signed in, and words of its own that
// nobody else may come to read. The asker is one more account, of no caller.
//
// The callers are the operator, tokens of reseller, customer and foreign (the
// stranger's), administrators' and read-only ones, and
//
//	auditor    of reseller and shown: it must not reach the customer, in which
//	           the reseller may do everything, and must not write in either
//	signedIn   a user of the customer with the profile device-manager, in a
//	           session: what only sessions may do has a right answer for somebody
type tenants struct {
	s        *stack
	name     string
	asker    string             // its uid
	lost     int                // the number of its device
	clients  map[string]*caller // by kind of caller
	accounts map[string]*tenant
	auditor  []string // words that say who the auditor is
	position string   // of the last write
}

type tenant struct {
	uid, device, spare, serial, imei, spareSerial, spareIMEI, operation, invitation, person, user, profile, external string

	event string // the first of its device

	// What it has ordered and been asked for, of those that all rows share: a
	// renewal of its device, a plan and a transfer of it to the asker, both
	// refused, and the asker's requests to release its two devices.
	renewal, plan, transfer, request, spareRequest string

	// wish is a request for a partnership: the reseller's to the asker, the wooer's,
	// one more reseller, to the others.
	wish string

	// What its signed-in user has, and a grant to audit it, of those that all
	// rows share.
	session, token, view, calendar, grant string

	webhook string // disabled

	// A monthly notice about it and the mail that has brought it; instead of that of
	// the foreign account one of a reseller that nobody knows.
	notice, mail string

	identity []string // words that say who it is
	content  []string // and what it has
}

var tenantsMade, devicesMade atomic.Int64

// tenantsAhead makes so many tenants, several at a time, while those that are
// there are taken.
func tenantsAhead(t *testing.T, s *stack, n int) <-chan *tenants {
	t.Helper()
	made := make(chan *tenants, n)
	go func() {
		defer close(made)
		var making errgroup.Group
		making.SetLimit(8)
		for range n {
			making.Go(func() error { made <- newTenants(t, s); return nil })
		}
		_ = making.Wait()
	}()
	return made
}

func newTenants(t *testing.T, s *stack) *tenants {
	t.Helper()
	w := &tenants{s: s, name: fmt.Sprintf("w%03d", tenantsMade.Add(1)), clients: map[string]*caller{}, accounts: map[string]*tenant{}}
	reseller := w.open("reseller", s.caller, "/v1/accounts", `"type":"reseller",`)
	resells := s.signIn(uuid.MustParse(reseller), "")
	customer := w.open("customer", resells, "/v1/customers", "")
	w.open("shown", resells, "/v1/customers", "")
	foreign := w.open("foreign", s.caller, "/v1/accounts", `"type":"standard",`)
	w.hook()
	w.accounts["missing"] = &tenant{
		uid: uuid.NewString(), device: uuid.NewString(), spare: uuid.NewString(), operation: uuid.NewString(),
		invitation: strings.Repeat("A", 70), renewal: uuid.NewString(), plan: uuid.NewString(), transfer: uuid.NewString(),
		request: uuid.NewString(), spareRequest: uuid.NewString(), wish: uuid.NewString(), person: uuid.NewString(), user: uuid.NewString(),
		profile: uuid.NewString(), external: uuid.NewString(), session: uuid.NewString(), token: uuid.NewString(), view: uuid.NewString(), calendar: uuid.NewString(), grant: uuid.NewString(), webhook: uuid.NewString(),
		notice: uuid.NewString(), mail: uuid.NewString(), event: uuid.NewString(),
	}
	none := int(9_000_000 + devicesMade.Add(1))
	w.accounts["missing"].serial, w.accounts["missing"].imei = mp70(none), imei(none)
	w.accounts["missing"].spareSerial, w.accounts["missing"].spareIMEI = mp70(none+500_000), imei(none+500_000)
	s.fullAccess(uuid.MustParse(reseller), uuid.MustParse(customer))
	w.invite()
	w.register()
	w.meet()
	w.clients = map[string]*caller{
		"operator": s.caller, "reseller": resells, "resellerReader": s.signIn(uuid.MustParse(reseller), "read-only"),
		"customer": s.signIn(uuid.MustParse(customer), ""), "customerReader": s.signIn(uuid.MustParse(customer), "read-only"), "stranger": s.signIn(uuid.MustParse(foreign), ""),
	}
	granted, auditor := s.audit(w.name+"-auditor@x.example", uuid.MustParse(reseller), uuid.MustParse(w.accounts["shown"].uid))
	w.clients["auditor"], w.auditor = auditor, []string{w.name + "-auditor@x.example", granted.Id.String(), granted.Token}
	return w
}

// client is a caller. The user signs in when first needed: it takes a while, and
// the customer is active from then on.
func (w *tenants) caller(kind string) *caller {
	w.s.t.Helper()
	if kind == "signedIn" && w.clients[kind] == nil {
		w.clients[kind] = w.s.enter(w.join("customer"))
	}
	return w.clients[kind]
}

// join activates an account and gives it a device manager, whose e-mail address
// it gives back.
func (w *tenants) join(thing string) string {
	w.s.t.Helper()
	own := w.accounts[thing]
	w.s.accept(own.invitation)
	email := w.name + "-manager-of-" + thing + "@x.example"
	invited := w.s.post("/v1/accounts/"+own.uid+"/users", fmt.Sprintf(`{"email":%q,"profiles":["device-manager"]}`, email)).is(201)
	uid := into[openapi.Written](invited).Uid
	w.s.accept(w.s.app.Tokens.UserInvitation(uid, 1))
	w.position = w.s.Position()
	own.content = append(own.content, email, uid.String())
	return email
}

// come has a user of an account sign in, and once more: the first session is
// what others ask about. That of the customer is the caller signedIn.
func (w *tenants) come(thing string) {
	w.s.t.Helper()
	own, email := w.accounts[thing], w.join(thing)
	first := w.s.enter(email)
	own.session = into[openapi.SessionList](first.get("/v1/sessions").is(200)).Items[0].Id.String()
	body := `{"label":"x","profile":"read-only","expiresAt":"2026-05-01T00:00:00Z"}`
	own.token = into[openapi.CreatedToken](first.post("/v1/tokens", body).is(201)).Id.String()
	view := first.post("/v1/me/views", `{"page":"customers","name":"`+w.name+`","query":"search=x"}`).is(201)
	own.view = into[openapi.SavedView](view).Id.String()
	own.calendar = into[openapi.CreatedCalendar](first.post("/v1/me/calendars", `{"label":"`+w.name+`-calendar"}`).is(201)).Id.String()
	if thing == "customer" {
		w.clients["signedIn"] = w.s.enter(email)
	}
	own.content = append(own.content, own.session, own.token, own.view, own.calendar)
}

// submit gives each account an operation, orders, requests, a user who has come
// and an auditor.
func (w *tenants) submit() {
	w.s.t.Helper()
	w.openAsker()
	wooer, _ := w.s.reseller(w.name + "-wooer")
	for thing, own := range w.accounts {
		if thing != "missing" {
			own.operation = w.operationOf(own)
			own.event = into[openapi.History](w.s.get("/v1/devices/" + own.device + "/history").is(200)).Items[0].Id.String()
			w.orderFor(own)
			own.request = w.requestFor(own.serial, own.imei)
			own.spareRequest = w.requestFor(own.spareSerial, own.spareIMEI)
			own.wish = w.wishFor(thing, wooer)
			w.come(thing)
			granted, _ := w.s.audit(w.name+"-auditor-of-"+thing+"@x.example", uuid.MustParse(own.uid))
			own.grant = granted.Id.String()
		}
	}
	w.notify()
}

// openAsker makes the asker and its device.
func (w *tenants) openAsker() {
	w.s.t.Helper()
	w.asker = into[openapi.CreatedAccount](w.s.post("/v1/accounts", fmt.Sprintf(
		`{"name":%q,"type":"standard","administrator":{"email":%q}}`, w.name+"-asker", w.name+"-asker@x.example")).is(201)).Uid.String()
	w.lost = int(devicesMade.Add(1))
	got := w.s.post("/v1/device-registrations", fmt.Sprintf(`{"items":[{"serialNumber":%q,"imei":%q,"account":%q}]}`,
		mp70(w.lost), imei(w.lost), w.asker)).is(200)
	expect(w.s.t, "the asker's device", outcomes(into[openapi.BulkResult](got)), []string{"created"})
}

// orderFor has an account order and plan something itself.
func (w *tenants) orderFor(own *tenant) {
	w.s.t.Helper()
	c := w.s.signIn(uuid.MustParse(own.uid), "")
	renewed := c.post("/v1/renewals", fmt.Sprintf(`{"devices":[%q],"term":"P1Y"}`, own.serial)).is(200)
	expect(w.s.t, "renewal", outcomes(into[openapi.BulkResult](renewed)), []string{"ordered"})
	own.renewal = into[openapi.BulkResult](renewed).Id.String()
	away := fmt.Sprintf(`{"from":%q,"to":%q,"devices":[%q]}`, own.uid, w.asker, own.serial)
	own.plan = into[openapi.TransferPlan](c.post("/v1/transfer-plans", away).is(201)).Id.String()
	own.transfer = into[openapi.BulkResult](c.post("/v1/transfers", away).is(201)).Id.String()
}

// requestFor has the asker ask for a device.
func (w *tenants) requestFor(serial, imei string) string {
	w.s.t.Helper()
	got := w.s.post("/v1/release-requests", fmt.Sprintf(`{"serialNumber":%q,"imei":%q}`, serial, imei), "X-Account: "+w.asker).is(201)
	w.position = got.header.Get("X-Position")
	return into[openapi.ReleaseRequest](got).Id.String()
}

// wishFor has a reseller ask for a partnership that is of a thing.
func (w *tenants) wishFor(thing string, wooer uuid.UUID) string {
	w.s.t.Helper()
	by, to := wooer.String(), w.accounts[thing].uid
	if thing == "reseller" {
		by, to = to, w.asker
	}
	got := w.s.post("/v1/partnership-requests", fmt.Sprintf(`{"account":%q}`, to), "X-Account: "+by).is(201)
	w.position = got.header.Get("X-Position")
	return into[openapi.Written](got).Uid.String()
}

// open makes an account and notes the words that are its own.
func (w *tenants) open(thing string, by *caller, path, kind string) string {
	w.s.t.Helper()
	name, email := w.name+"-name-of-"+thing, w.name+"-mail-of-"+thing+"@x.example"
	got := by.post(path, fmt.Sprintf(`{"name":%q,%s"administrator":{"email":%q,"name":%q}}`, name, kind, email, w.name+"-person-of-"+thing)).is(201)
	uid := into[openapi.CreatedAccount](got).Uid
	w.accounts[thing] = &tenant{
		uid: uid.String(), invitation: w.s.app.Tokens.Invitation(uid, 1),
		identity: []string{uid.String(), name, email, w.name + "-person-of-" + thing},
	}
	return uid.String()
}

// meet notes who the administrators of the accounts are.
func (w *tenants) meet() {
	w.s.t.Helper()
	got := into[openapi.AccountList](w.s.get("/v1/accounts?search=" + w.name + "-name-of&minPosition=" + w.position).is(200))
	for _, account := range got.Items {
		for _, own := range w.accounts {
			if own.uid == account.Uid.String() {
				own.person = account.Administrators[0].Id.String()
			}
		}
	}
}

// invite invites a user into each account, and gives it a profile and an external account of its own.
func (w *tenants) invite() {
	w.s.t.Helper()
	for thing, own := range w.accounts {
		if thing == "missing" {
			continue
		}
		email := w.name + "-user-of-" + thing + "@x.example"
		got := w.s.post("/v1/accounts/"+own.uid+"/users", fmt.Sprintf(`{"email":%q,"profiles":["read-only"]}`, email)).is(201)
		own.user = into[openapi.Written](got).Uid.String()
		own.content = append(own.content, email, own.user)
		own.profile = w.profileOf(thing, own)
		own.external = w.externalOf(thing, own)
	}
}

// register gives each account its devices.
func (w *tenants) register() {
	w.s.t.Helper()
	var rows []string
	var of []*tenant
	var numbers []int
	for thing, own := range w.accounts {
		if thing == "missing" {
			continue
		}
		for _, name := range []string{w.name + "-device-of-" + thing, w.name + "-spare-of-" + thing} {
			n := int(devicesMade.Add(1))
			rows = append(rows, fmt.Sprintf(`{"serialNumber":%q,"imei":%q,"account":%q,"name":%q,"labels":[%q]}`,
				mp70(n), imei(n), own.uid, name, w.name+"-label-of-"+thing))
			own.content = append(own.content, mp70(n), imei(n), name, w.name+"-label-of-"+thing)
			of, numbers = append(of, own), append(numbers, n)
		}
	}
	got := w.s.post("/v1/device-registrations", `{"items":[`+strings.Join(rows, ",")+`]}`).is(200)
	w.position = got.header.Get("X-Position")
	for i, r := range into[openapi.BulkResult](got).Results {
		if r.Outcome != "created" {
			w.s.t.Fatalf("tenants: %s", got.body)
		}
		of[i].content = append(of[i].content, *r.Uid)
		if of[i].device == "" {
			of[i].device, of[i].serial, of[i].imei = *r.Uid, *r.SerialNumber, imei(numbers[i])
		} else {
			of[i].spare, of[i].spareSerial, of[i].spareIMEI = *r.Uid, *r.SerialNumber, imei(numbers[i])
		}
	}
}

func (w *tenants) operationOf(own *tenant) string {
	w.s.t.Helper()
	body := fmt.Sprintf(`{"items":[{"serialNumber":%q,"imei":%q}]}`, own.serial, imei(0))
	got := w.s.signIn(uuid.MustParse(own.uid), "").post("/v1/device-registrations?dryRun=true", body, "Prefer: respond-async").is(202)
	return into[openapi.Operation](got).Id.String()
}

// hook gives each account a webhook, which is told of nothing.
func (w *tenants) hook() {
	w.s.t.Helper()
	for _, own := range w.accounts {
		own.webhook = uuid.NewString()
		_, err := w.s.service.Pool.Exec(w.s.t.Context(), `INSERT INTO ops.webhooks (id, account, label, address, types, made_by, created_at, ended, ended_at)
			VALUES ($1, $2::uuid, 'hook of ' || $2::uuid::text, 'https://127.0.0.1:65000/', '{}', '{}', now(), 'by_hand', now())`, own.webhook, own.uid)
		must(w.s.t, err)
	}
}

// fill puts what a thing has into a text. What is of no thing is the same for all.
func (w *tenants) fill(thing string) *strings.Replacer {
	own, known := w.accounts[thing]
	if !known {
		own = &tenant{}
	}
	return strings.NewReplacer(
		"{account}", own.uid, "{device}", own.device, "{spare}", own.spare, "{serial}", own.serial,
		"{operation}", own.operation, "{person}", own.person, "{invitation}", own.invitation, "{user}", own.user, "{profile}", own.profile, "{external}", own.external,
		"{event}", own.event, "{imei}", own.imei, "{spareSerial}", own.spareSerial, "{spareIMEI}", own.spareIMEI,
		"{renewal}", own.renewal, "{plan}", own.plan, "{transfer}", own.transfer,
		"{session}", own.session, "{token}", own.token, "{view}", own.view, "{calendar}", own.calendar, "{grant}", own.grant, "{webhook}", own.webhook, "{notice}", own.notice, "{mail}", own.mail,
		"{request}", own.request, "{spareRequest}", own.spareRequest, "{wish}", own.wish,
		"{asker}", w.asker, "{lostSerial}", mp70(w.lost), "{lostIMEI}", imei(w.lost),
		"{resellerRenewal}", w.accounts["reseller"].renewal, "{resellerTransfer}", w.accounts["reseller"].transfer,
		"{reseller}", w.accounts["reseller"].uid, "{resellerDevice}", w.accounts["reseller"].device,
		"{customer}", w.accounts["customer"].uid, "{foreign}", w.accounts["foreign"].uid,
		"{world}", w.name, "{unique}", fmt.Sprintf("%s-%d", w.name, devicesMade.Add(1)), "{newSerial}", mp70(int(8_000_000+devicesMade.Load())),
		"{newIMEI}", imei(int(8_000_000+devicesMade.Load())),
	)
}

// secrets are the words that a kind of caller must not come to read, by who they
// are about.
func (w *tenants) secrets(kind string) map[string][]string {
	identities, contents := []string{"foreign"}, []string{"foreign"}
	switch kind {
	case "operator":
		return nil
	case "reseller", "resellerReader":
		identities, contents = []string{"reseller", "customer", "shown"}, []string{"reseller", "customer", "shown"}
	case "customer", "customerReader", "signedIn":
		identities, contents = []string{"reseller", "customer"}, []string{"customer"}
	case "auditor": // of the customer what the reseller's Customers page shows
		identities, contents = []string{"reseller", "customer", "shown"}, []string{"reseller", "shown"}
	}
	secrets := map[string][]string{}
	if kind != "auditor" {
		secrets["auditor"] = w.auditor
	}
	for name, own := range w.accounts {
		if !slices.Contains(identities, name) {
			secrets[name] = append(secrets[name], own.identity...)
		}
		if !slices.Contains(contents, name) {
			secrets[name] = append(secrets[name], own.content...)
		}
	}
	return secrets
}

// tellsNothing fails the test when an answer has words of accounts that the
// caller may not see, other than those it has said itself, or says where in the
// log something is that it did not get. A 412 says it of what the caller may change, a
// 422 of what it may read; that it is the same about every thing is for plain to compare.
func (w *tenants) tellsNothing(t *testing.T, kind, thing string, got reply) {
	t.Helper()
	answered := got.body + fmt.Sprint(got.Header())
	for who, words := range w.secrets(kind) {
		for _, word := range words {
			if strings.Contains(answered, word) && !strings.Contains(got.request, word) {
				t.Errorf("%s about %s reads %q of %s:\n%s", kind, thing, word, who, got.body)
			}
		}
	}
	seen := thing != "missing" && !slices.Contains(unseen[kind], thing)
	tells := got.Code < http.StatusBadRequest || got.Code == http.StatusPreconditionFailed || got.Code == http.StatusUnprocessableEntity && seen
	if at := got.Header().Get("X-Position"); at != "" && !tells {
		t.Errorf("%s about %s is refused and told a position: %s", kind, thing, at)
	}
}
