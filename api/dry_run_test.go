package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
)

// notRehearsed are the writes without dryRun: sessions, passwords, tokens, webhooks, the
// clock, and the preview, which writes nothing as it is.
var notRehearsed = map[string]bool{
	"signIn": true, "signInAsOperator": true, "signInAsAuditor": true, "endSession": true, "endSessions": true,
	"activateAccount": true, "changePassword": true, "requestPasswordReset": true, "resetPassword": true,
	"createToken": true, "revokeToken": true, "revokeAccountToken": true, "createCalendar": true, "revokeCalendar": true, "moveSandboxClock": true, "previewRenewals": true,
	"addFactor": true, "confirmFactor": true, "replaceRecoveryCodes": true, "signInWithPasskey": true, "answerSecondStep": true, "signInAgain": true,
	"createWebhook": true, "editWebhook": true, "removeWebhook": true, "rotateWebhookSecret": true, "testWebhook": true, "replayWebhook": true,
	"endSessionsOfUser": true, "endSessionOfUser": true, "revokeTokensOfUser": true, "revokeTokenOfUser": true,
}

func TestEveryWriteTakesDryRun(t *testing.T) {
	t.Parallel()
	document, err := openapi3.NewLoader().LoadFromData(openapi.Description)
	must(t, err)
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			takes := op.Parameters.GetByInAndName("query", "dryRun") != nil
			if wanted := method != http.MethodGet && !notRehearsed[op.OperationID]; takes != wanted {
				t.Errorf("%s %s takes dryRun: %v", method, path, takes)
			}
		}
	}
}

// rehearsal sends writes twice: as a dry run, which leaves the log and the tables
// as they are, and for real, which is answered the same way.
type rehearsal struct {
	*stack
}

// written counts the events and what else a write may leave behind.
func (r rehearsal) written() string {
	r.t.Helper()
	var events, secrets, mails, operations int
	must(r.t, r.service.Node.Pool().QueryRow(r.t.Context(), `SELECT count(*) FROM eventnode.events`).Scan(&events))
	must(r.t, r.service.Pool.QueryRow(r.t.Context(), `SELECT (SELECT count(*) FROM ops.external_secrets),
		(SELECT count(*) FROM ops.mails), (SELECT count(*) FROM ops.operations)`).Scan(&secrets, &mails, &operations))
	return fmt.Sprint(events, secrets, mails, operations)
}

func (r rehearsal) write(by *caller, method, path, body string) answer {
	r.t.Helper()
	before := r.written()
	rehearsed := by.send(method, path+"?dryRun=true", body).is(http.StatusOK)
	if after := r.written(); after != before {
		r.t.Fatalf("%s %s: the dry run wrote: %s, before %s", method, path, after, before)
	}
	for _, header := range []string{"X-Position", "Location", "ETag"} {
		if rehearsed.header.Get(header) != "" {
			r.t.Errorf("%s %s: the dry run has %s", method, path, header)
		}
	}
	real := by.send(method, path, body)
	if real.status/100 != 2 {
		r.t.Fatalf("%s %s: %d %s", method, path, real.status, real.body)
	}
	if real.header.Get("X-Position") == "" {
		r.t.Errorf("%s %s: no X-Position", method, path)
	}
	if r.written() == before {
		r.t.Errorf("%s %s: nothing was written", method, path)
	}
	return real
}

func (r rehearsal) creates(by *caller, path, body string) (at string) {
	r.t.Helper()
	made := r.write(by, http.MethodPost, path, body).is(http.StatusCreated)
	return made.header.Get("Location")
}

func TestDryRunsOfSingleWrites(t *testing.T) {
	t.Parallel()
	r := rehearsal{newStack(t)}
	reseller, desk := r.reseller("Northwind")
	customer := r.customerOf(desk, "Contoso")
	admin := r.signIn(customer, "")
	operator, of := r.caller, "/v1/accounts/"+customer.String()

	t.Log("accounts")
	opened := r.creates(operator, "/v1/accounts", `{"name":"Fabrikam","type":"standard","administrator":{"email":"a@fabrikam.example"}}`)
	r.creates(desk, "/v1/customers", `{"name":"Tailspin","administrator":{"email":"a@tailspin.example"}}`)
	r.write(admin, http.MethodPatch, of, `{"name":"Contoso West"}`)
	r.write(operator, http.MethodPost, opened+":resendInvitation", `{}`)
	r.write(operator, http.MethodPost, opened+":correctEmail", `{"email":"b@fabrikam.example"}`)
	r.write(operator, http.MethodPost, opened+":withdraw", `{}`)
	r.write(operator, http.MethodPost, opened+":reopen", `{}`)
	r.write(operator, http.MethodPost, opened+":close", `{}`)
	contact := r.creates(operator, "/v1/accounts/"+reseller.String()+"/channel-contacts", `{"email":"c@maker.example","name":"Casey"}`)
	r.write(operator, http.MethodDelete, contact, "")
	r.write(admin, http.MethodPatch, of+"/security", `{"passwordLength":20}`)

	t.Log("profiles, partners, external accounts")
	profile := r.creates(admin, of+"/profiles", `{"name":"Readers","rights":["devices.read"]}`)
	r.write(admin, http.MethodPatch, profile, `{"name":"Lookers"}`)
	r.write(admin, http.MethodDelete, profile, "")
	partner, _ := r.reseller("Southwind")
	r.creates(admin, of+"/partners", `{"partner":"`+partner.String()+`"}`)
	r.write(admin, http.MethodPatch, of+"/partners/"+partner.String(), `{"profile":"full"}`)
	r.write(admin, http.MethodDelete, of+"/partners/"+partner.String(), "")
	stranger, adatum := r.standard("Adatum")
	_, hopeful := r.reseller("Eastwind")
	wish := r.creates(hopeful, "/v1/partnership-requests", `{"account":"`+stranger.String()+`","note":"as agreed"}`)
	r.write(hopeful, http.MethodPost, wish+":withdraw", `{}`)
	r.creates(hopeful, "/v1/partnership-requests", `{"account":"`+stranger.String()+`"}`)
	r.write(adatum, http.MethodPost, wish+":decline", `{"reason":"no"}`)
	r.creates(hopeful, "/v1/partnership-requests", `{"account":"`+stranger.String()+`"}`)
	r.write(adatum, http.MethodPost, wish+":accept", `{"profile":"full","until":null}`)
	external := r.creates(admin, of+"/external-accounts", `{"kind":"sms","label":"Texts","endpoint":"https://sms.example","secret":"hunter2-first"}`)
	r.write(admin, http.MethodPatch, external, `{"secret":"hunter2-second"}`)
	r.write(admin, http.MethodDelete, external, "")

	t.Log("people")
	user := r.creates(admin, of+"/users", `{"email":"u@contoso.example","name":"Una","profiles":["full"]}`)
	r.write(admin, http.MethodPatch, user, `{"profiles":["read-only"]}`)
	r.write(admin, http.MethodPost, user+":resend", `{}`)
	r.write(admin, http.MethodPost, user+":revoke", `{}`)
	home, email := r.activated("Wingtip")
	chief := r.enter(email)
	second := r.creates(chief, "/v1/accounts/"+home.String()+"/users", `{"email":"second@wingtip.example","name":"Sam","administrator":true}`)
	r.accept(r.app.Tokens.UserInvitation(uidIn(second), 1))
	r.write(chief, http.MethodPost, second+":deactivate", `{}`)
	r.write(chief, http.MethodPost, second+":reactivate", `{}`)
	r.write(chief, http.MethodPatch, "/v1/me", `{"name":"Wanda","email":"wanda@wingtip.example"}`)
	self := uuid.MustParse(into[openapi.Me](chief.get("/v1/me").is(200)).Id)
	r.write(r.as(""), http.MethodPost, "/v1/email-confirmations/"+r.app.Tokens.EmailChange(self, 1), "")
	r.write(operator, http.MethodPost, "/v1/persons/"+uidIn(second).String()+":erase", `{}`)

	t.Log("auditors")
	grant := `{"auditor":{"email":"aud@itor.example"},"accounts":["` + customer.String() + `"],"expiresAt":"2026-04-01T00:00:00Z"}`
	if body := string(operator.post("/v1/audit-grants?dryRun=true", grant).is(200).body); strings.Contains(body, "token") {
		t.Errorf("a token of a dry run: %s", body)
	}
	r.write(operator, http.MethodPost, r.creates(operator, "/v1/audit-grants", grant)+":revoke", `{}`)

	t.Log("devices")
	expect(t, "registered", desk.registers(newDevice(1), newDevice(2)), []string{"created", "created"})
	at := "/v1/devices/" + mp70(1)
	r.write(desk, http.MethodPatch, at, `{"name":"Front"}`)
	r.write(operator, http.MethodPost, "/v1/allocations", `{"device":"`+mp70(1)+`","until":"2040-01-01","reason":"pilot"}`)
	r.write(desk, http.MethodPost, at+":suspend", `{}`)
	r.write(desk, http.MethodPost, at+":resume", `{}`)
	r.write(desk, http.MethodPost, at+":retire", `{}`)
	r.write(desk, http.MethodPost, at+":reinstate", `{}`)
	r.creates(desk, "/v1/transfer-plans", `{"from":"`+reseller.String()+`","to":"`+customer.String()+`","devices":["`+mp70(2)+`"]}`)
	wanted := `{"serialNumber":"` + mp70(2) + `","imei":"` + imei(2) + `"}`
	denied := r.creates(admin, "/v1/release-requests", wanted)
	expect(t, "a dry answer", into[openapi.ReleaseRequest](desk.post(denied+":deny?dryRun=true", `{}`).is(200)).State, openapi.ReleaseState("denied"))
	r.write(desk, http.MethodPost, denied+":deny", `{}`)
	r.write(desk, http.MethodPost, r.creates(admin, "/v1/release-requests", wanted)+":grant", `{}`)
}

// A dry run is refused as the write itself would be.
func TestDryRunIsRefusedAsTheWriteIs(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	reseller, desk := s.reseller("Northwind")
	body := `{"name":"Northwind","administrator":{"email":"bad"}}`
	got := desk.post("/v1/customers?dryRun=true", body).codes()
	expect(t, "codes", got, desk.post("/v1/customers", body).codes())
	taken := `{"name":"Northwind","administrator":{"email":"good@northwind.example"}}`
	desk.post("/v1/customers?dryRun=true", taken).refusedWith(409, "/name name_taken")
	desk.send(http.MethodPatch, "/v1/accounts/"+reseller.String()+"?dryRun=true", `{"name":"N"}`, `If-Match: "77"`).is(412)
	desk.post("/v1/tokens?dryRun=true", `{}`).is(400)
	desk.post("/v1/customers?dryRun=yes", taken).refusedWith(400, "#/query/dryRun wrong_type")
}

// uidIn is the uid that an address ends with.
func uidIn(address string) uuid.UUID {
	return uuid.MustParse(address[strings.LastIndexByte(address, '/')+1:])
}
