package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/models"
	"github.com/fleetledger/fleetledger/domain/notice"
	orders "github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/user"
)

// forgetful are keys of a process that dies before it keeps its answer: the lock of
// each runs out at once.
type forgetful struct{ api.IdempotencyKeys }

func (f forgetful) Finish(ctx context.Context, c postgres.Claim, _ postgres.Answer) error {
	return f.Abandon(ctx, c)
}

// watchedLog notes which streams are appended to.
type watchedLog struct {
	eventlog.Log
	mu      sync.Mutex
	streams map[string]bool
}

func (l *watchedLog) Append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	l.mu.Lock()
	l.streams[stream] = true
	l.mu.Unlock()
	return l.Log.Append(ctx, stream, expected, events...)
}

// written are the streams appended to since it was asked before.
func (l *watchedLog) written() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for stream := range l.streams {
		all = append(all, stream)
	}
	clear(l.streams)
	return all
}

// repeats sends writes with a key to a service that dies before it keeps the
// answers; then others write to all that was written to, and the repeat has to be
// answered as the first.
type repeats struct {
	*stack
	log  *watchedLog
	keys int
}

func newRepeats(t *testing.T) *repeats {
	t.Helper()
	r := &repeats{}
	r.stack = newStack(t, apitest.With(func(d *app.Dependencies, o *api.Options) {
		r.log = &watchedLog{Log: d.Log, streams: map[string]bool{}}
		d.Log, o.Idempotency = r.log, forgetful{o.Idempotency}
	}))
	return r
}

// others append an event to a stream: something that changes little, but the
// revision.
func (r *repeats) others(stream string) {
	r.t.Helper()
	kind, id, _ := strings.Cut(stream, "-")
	uid, err := uuid.Parse(id)
	if err != nil {
		return
	}
	later := map[string]domain.Event{
		device.Aggregate.Category:       device.Relabelled{Device: uid, NewLabels: []string{"by others"}},
		account.Aggregate.Category:      account.AccessRestored{Account: uid, User: uuid.New()},
		user.Aggregate.Category:         user.UserSignedIn{User: uid, Account: uuid.New(), Day: calendar.On(2026, 3, 15)},
		partnership.Aggregate.Category:  partnership.PartnershipEndSet{Partnership: uid, Until: time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC)},
		orders.Aggregate.Category:       orders.RenewalOrderDeclined{Order: uid, Devices: []uuid.UUID{}},
		release.Aggregate.Category:      release.ReleaseRequestEnded{Request: uuid.New()},
		models.Aggregate.Category:       models.ModelWithdrawn{Name: "LX40"},
		notice.ChoiceAggregate.Category: notice.NoticeDeliveryChosen{User: uid, Account: uuid.New(), Delivery: notice.Each},
	}[kind]
	if later == nil {
		return
	}
	_, _, err = r.log.Log.Append(r.t.Context(), stream, eventlog.Any, eventlog.NewEvent{ID: uuid.New(), Event: later, Metadata: eventlog.Metadata{
		SchemaVersion: eventlog.Codec[later.EventType()].Version(), OccurredAt: r.clock.Now(),
		Actor: domain.Actor{Kind: domain.ActorSystem, ID: "others"}, CorrelationID: uuid.NewString(),
	}})
	must(r.t, err)
}

func (r *repeats) write(by *caller, method, path, body string, headers ...string) answer {
	r.t.Helper()
	r.keys++
	headers = append(headers, fmt.Sprintf("Idempotency-Key: key-%d", r.keys))
	r.log.written()
	first := by.send(method, path, body, headers...)
	if first.status/100 != 2 {
		r.t.Fatalf("%s %s: %d %s", method, path, first.status, first.body)
	}
	for _, stream := range r.log.written() {
		r.others(stream)
	}
	again := by.send(method, path, body, headers...)
	if again.header.Get("Idempotent-Replayed") != "" {
		r.t.Fatalf("%s %s: an answer was kept", method, path)
	}
	if diff := cmp.Diff(seen(first), seen(again)); diff != "" {
		r.t.Errorf("%s %s: the repeat is answered otherwise (-first +repeat):\n%s", method, path, diff)
	}
	return first
}

// seen is what a client sees of an answer.
func seen(a answer) map[string]string {
	all := map[string]string{"status": fmt.Sprint(a.status), "body": string(a.body)}
	for _, name := range []string{"ETag", "X-Position", "Location"} {
		all[name] = a.header.Get(name)
	}
	return all
}

func (r *repeats) creates(by *caller, path, body string) (at string) {
	r.t.Helper()
	return r.write(by, http.MethodPost, path, body).is(http.StatusCreated).header.Get("Location")
}

// With the ETag of the answer nothing is overwritten that its reader has not seen.
func TestARepeatAnswersForItsOwnEvent(t *testing.T) {
	t.Parallel()
	r := newRepeats(t)
	_, desk := r.reseller("Northwind")
	expect(t, "registered", desk.registers(newDevice(1)), []string{"created"})
	at := "/v1/devices/" + mp70(1)
	key := "Idempotency-Key: rename"
	first := desk.send(http.MethodPatch, at, `{"name":"Front"}`, key).is(200)
	desk.send(http.MethodPatch, at, `{"labels":["theirs"]}`).is(200)
	again := desk.send(http.MethodPatch, at, `{"name":"Front"}`, key).is(200)
	expect(t, "repeat", seen(again), seen(first))
	desk.send(http.MethodPatch, at, `{"labels":["mine"]}`, "If-Match: "+again.header.Get("ETag")).is(412)
}

func TestRepeatsOfAccountsAndPeople(t *testing.T) {
	t.Parallel()
	r := newRepeats(t)
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
	invited := r.creates(admin, of+"/users", `{"email":"u@contoso.example","name":"Una","profiles":["full"]}`)
	r.write(admin, http.MethodPatch, invited, `{"profiles":["read-only"]}`)
	r.write(admin, http.MethodPost, invited+":resend", `{}`)
	r.write(admin, http.MethodPost, invited+":revoke", `{}`)
	home, email := r.activated("Wingtip")
	chief := r.enter(email)
	second := r.creates(chief, "/v1/accounts/"+home.String()+"/users", `{"email":"second@wingtip.example","name":"Sam","profiles":["full"]}`)
	r.accept(r.app.Tokens.UserInvitation(uidIn(second), 1))
	r.write(chief, http.MethodPatch, second, `{"administrator":true}`)
	r.write(chief, http.MethodPatch, second, `{"administrator":false,"profiles":["read-only"]}`)
	r.write(chief, http.MethodPost, second+":deactivate", `{}`)
	r.write(chief, http.MethodPost, second+":reactivate", `{}`)
	r.write(chief, http.MethodPatch, "/v1/me", `{"name":"Wanda","email":"wanda@wingtip.example"}`)
	r.write(operator, http.MethodPost, "/v1/persons/"+uidIn(second).String()+":erase", `{}`)

	t.Log("auditors")
	grant := r.creates(operator, "/v1/audit-grants",
		`{"auditor":{"email":"aud@itor.example"},"accounts":["`+customer.String()+`"],"expiresAt":"2026-04-01T00:00:00Z"}`)
	r.write(operator, http.MethodPost, grant+":revoke", `{}`)
	r.write(operator, http.MethodPut, "/v1/catalogue/ZX90", `{"serialPattern":"^ZX[0-9]{14}$","offers":["basic"],"defaultOffer":"basic","includedMonths":12}`)
	r.write(operator, http.MethodDelete, "/v1/catalogue/ZX90", "")
}

func TestRepeatsOfDevices(t *testing.T) {
	t.Parallel()
	r := newRepeats(t)
	reseller, desk := r.reseller("Northwind")
	customer := r.customerOf(desk, "Contoso")
	r.fullAccess(reseller, customer)
	admin, operator := r.signIn(customer, ""), r.caller

	r.write(desk, http.MethodPost, "/v1/device-registrations", fmt.Sprintf(
		`{"items":[{"serialNumber":%q,"imei":%q},{"serialNumber":%q,"imei":%q}]}`, mp70(1), imei(1), mp70(2), imei(2)))
	at := "/v1/devices/" + mp70(1)
	r.write(desk, http.MethodPatch, at, `{"name":"Front"}`)
	r.write(desk, http.MethodPatch, at, `{"labels":["mine"]}`)
	r.write(operator, http.MethodPost, "/v1/allocations", `{"device":"`+mp70(1)+`","until":"2040-01-01","reason":"pilot"}`)
	r.write(desk, http.MethodPost, at+":suspend", `{}`)
	r.write(desk, http.MethodPost, at+":resume", `{}`)
	r.write(desk, http.MethodPost, at+":retire", `{}`)
	r.write(desk, http.MethodPost, at+":reinstate", `{}`)
	for _, atomic := range []string{"", "?atomic=true"} {
		r.write(desk, http.MethodPost, "/v1/device-changes"+atomic, `{"action":"suspend","devices":["`+mp70(1)+`","`+mp70(2)+`"]}`)
		r.write(desk, http.MethodPost, "/v1/device-changes"+atomic, `{"action":"resume","devices":["`+mp70(2)+`","`+mp70(1)+`"]}`)
	}
	r.write(desk, http.MethodPost, "/v1/device-changes", `{"action":"suspend","devices":["`+mp70(1)+`"]}`)
	r.write(desk, http.MethodPost, "/v1/device-changes", `{"action":"suspend","devices":["`+mp70(1)+`","`+mp70(2)+`"]}`) // one is unchanged
	r.write(desk, http.MethodPost, "/v1/device-changes", `{"action":"resume","devices":["`+mp70(1)+`","`+mp70(2)+`"]}`)

	move := `{"from":"` + reseller.String() + `","to":"` + customer.String() + `","devices":["` + mp70(1) + `"]}`
	r.creates(desk, "/v1/transfer-plans", move)
	moved := r.creates(desk, "/v1/transfers", move)
	r.creates(desk, moved+"/reversals", `{"reason":"wrong one"}`)

	wanted := `{"serialNumber":"` + mp70(2) + `","imei":"` + imei(2) + `"}`
	denied := r.creates(admin, "/v1/release-requests", wanted)
	r.write(desk, http.MethodPost, denied+":deny", `{}`)
	r.write(desk, http.MethodPost, r.creates(admin, "/v1/release-requests", wanted)+":grant", `{}`)
}

func TestRepeatsOfRenewals(t *testing.T) {
	t.Parallel()
	r := newRepeats(t)
	_, desk := r.reseller("Northwind")
	customer := r.customerOf(desk, "Contoso")
	expect(t, "registered", desk.registers(newDevice(1, customer), newDevice(2, customer)), []string{"created", "created"})
	both := `["` + mp70(1) + `","` + mp70(2) + `"]`
	order := func(by *caller, query, number string) string {
		return "/v1/renewals/" + into[openapi.BulkResult](r.write(by, http.MethodPost, "/v1/renewals"+query,
			`{"devices":`+both+`,"term":"P1Y","orderNumber":"`+number+`"}`)).Id.String()
	}
	r.write(r.caller, http.MethodPost, order(desk, "", "PO-1")+":apply", `{}`)
	r.write(r.caller, http.MethodPost, order(desk, "", "PO-2")+":apply", `{"devices":["`+mp70(2)+`"]}`)
	r.write(r.caller, http.MethodPost, order(desk, "?atomic=true", "PO-3")+":decline", `{"reason":"no"}`)
	r.write(desk, http.MethodPost, order(desk, "", "PO-4")+":withdraw", `{}`)
	for n, query := range []string{"", "?atomic=true"} {
		applied := order(r.caller, query, fmt.Sprint("PO-at-once-", n))
		r.creates(r.caller, applied+"/reversals"+query, `{"reason":"a mistake"}`)
	}
}
