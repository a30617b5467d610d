package api_test

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/notice"
)

// noticeRows go on with isolationRows: the notices of a reseller are its own, also
// those on its customers. Nobody can unsubscribe with a token of another purpose.
var noticeRows = []row{
	{
		route: "GET /v1/notices", send: "/v1/notices",
		right: map[string]string{"": "200:4 200:3 200:3 200:0 200:0 200:0 200:3 200:0"},
	},
	{
		route: "GET /v1/notices", send: "/v1/notices", headers: actingFor,
		right: map[string]string{
			"reseller": "200:3 200:3 200:3 404 404 404 200:3 404",
			"customer": "200:0 200:1 200:1 200:0 200:0 404 404 200:0",
			"shown":    "200:0 200:1 200:1 404 404 404 200:0 404",
			"foreign":  "200:0 404 404 404 404 200:0 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "GET /v1/notices/{id}", send: "/v1/notices/{notice}", told: "an auditor of the reseller sees its notices, without the customer's devices",
		right: map[string]string{
			"reseller": "200 200 200 404 404 404 200 404",
			"customer": "200 200 200 404 404 404 200 404",
			"shown":    "200 200 200 404 404 404 200 404",
			"foreign":  "200 404 404 404 404 404 404 404",
			"missing":  "404 404 404 404 404 404 404 404",
		},
	},
	{
		route: "POST /v1/notices/{id}:acknowledge", send: "/v1/notices/{notice}:acknowledge?dryRun=true", body: `{}`,
		right: map[string]string{
			"reseller": "200 200 403 404 404 404 403:forbidden 404",
			"customer": "200 200 403 404 404 404 403:forbidden 404",
			"shown":    "200 200 403 404 404 404 403:forbidden 404",
			"foreign":  "200 404 404 404 404 404 403:forbidden 404",
			"missing":  "404 404 404 404 404 404 403:forbidden 404",
		},
	},
	{route: "GET /v1/me/notices", send: "/v1/me/notices", right: map[string]string{"": "404 404 404 404 404 404 404 200"}},
	{
		route: "PUT /v1/me/notices", send: "/v1/me/notices", body: `{"delivery":"digest"}`,
		right: map[string]string{"": "404 404 404 404 404 404 403:forbidden 422:notices_for_administrators"},
	},
	{
		route: "POST /v1/unsubscriptions/{token}", send: "/v1/unsubscriptions/{invitation}",
		right: map[string]string{
			"reseller": alike("404"), "customer": alike("404"), "shown": alike("404"), "foreign": alike("404"), "missing": alike("404"),
		},
	},
	{route: "GET /v1/outbox", send: "/v1/outbox?limit=1", right: map[string]string{"": "200:4 " + forbiddenToAll}},
	{
		route: "GET /v1/outbox/{id}", send: "/v1/outbox/{mail}",
		right: map[string]string{
			"reseller": "200 " + forbiddenToAll, "customer": "200 " + forbiddenToAll, "shown": "200 " + forbiddenToAll,
			"foreign": "200 " + forbiddenToAll, "missing": "404 " + forbiddenToAll,
		},
	},
}

// notify sends the notices of a month years ahead, in which all devices are due.
func (w *tenants) notify() {
	w.s.t.Helper()
	on := calendar.DateOf(w.s.clock.Now().AddDate(5, 0, 0))
	on = on.AddDays(1 - on.Day())
	send := func(reseller uuid.UUID) {
		p, err := w.s.service.Epoch.ParsePosition(w.s.Position())
		must(w.s.t, err)
		reached, err := w.s.app.Notices.SendDue(w.s.t.Context(), reseller, on.Time().Add(7*time.Hour), p)
		must(w.s.t, err)
		w.position = reached.String()
	}
	noticed := func(own *tenant, reseller, customer, person uuid.UUID) {
		id := notice.UID(reseller, customer, on)
		own.notice, own.mail = id.String(), notice.MailOf(id, person).String()
	}
	reseller := uuid.MustParse(w.accounts["reseller"].uid)
	send(reseller)
	for _, thing := range []string{"reseller", "customer", "shown"} {
		own := w.accounts[thing]
		noticed(own, reseller, uuid.MustParse(own.uid), uuid.MustParse(w.accounts["reseller"].person))
	}
	elsewhere := into[openapi.CreatedAccount](w.s.post("/v1/accounts", fmt.Sprintf(
		`{"name":%q,"type":"reseller","administrator":{"email":%q}}`, w.name+"-elsewhere", w.name+"-elsewhere@x.example")).is(201)).Uid
	w.s.accept(w.s.app.Tokens.Invitation(elsewhere, 1))
	n := int(devicesMade.Add(1))
	w.s.post("/v1/device-registrations", fmt.Sprintf(`{"items":[{"serialNumber":%q,"imei":%q,"account":%q}]}`, mp70(n), imei(n), elsewhere)).is(200)
	send(elsewhere)
	mails := into[openapi.OutboxList](w.s.get("/v1/outbox?to=" + w.name + "-elsewhere@x.example").is(200))
	own := w.accounts["foreign"]
	own.notice, own.mail = notice.UID(elsewhere, elsewhere, on).String(), mails.Items[0].Id.String()
}
