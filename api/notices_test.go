package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// From the mail to what people do about it: look, take the file, acknowledge,
// choose, unsubscribe with one click.
func TestNoticesOverHTTP(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	reseller, email := s.activated("Northwind")
	ada := s.enter(email)
	who := somebody()
	customer := when(ada.CreateCustomer(ctx, nil, client.NewCustomer{Name: "Zephyr", Administrator: who})).Then(t).JSON201.Uid
	s.accept(s.app.Tokens.Invitation(customer, 1))
	bo := s.enter(who.Email)
	expect(t, "outcomes", ada.registers(newDevice(1, customer), newDevice(2, customer), newDevice(3, customer)), []string{"created", "created", "created"})

	choice := func(c *caller) string { return string(c.get("/v1/me/notices").is(200).body) }
	expect(t, "a reseller's administrator", choice(ada), `{"choices":["each","digest"],"delivery":"each"}`+"\n")
	expect(t, "a customer's", choice(bo), `{"choices":["each","digest","none"],"delivery":"none"}`+"\n")
	put := func(c *caller, query, body string) answer { return c.send("PUT", "/v1/me/notices"+query, body) }
	put(ada, "", `{"delivery":"none"}`).refusedWith(422, "/delivery notices_required")
	put(ada, "", `{"delivery":"daily"}`).is(400)
	put(ada, "", `{}`).refusedWith(400, "/delivery field_missing")
	put(bo, "?dryRun=true", `{"delivery":"each"}`).is(200)
	expect(t, "after a dry run", into[openapi.NoticeChoice](bo.get("/v1/me/notices")).Delivery, openapi.NoticeNone)
	put(bo, "", `{"delivery":"each"}`).is(200)
	put(bo, "", `{"delivery":"each"}`).is(200)
	s.post("/v1/me/notices", `{}`).is(405)

	on := calendar.DateOf(s.clock.Now().AddDate(1, 0, 0))
	on = on.AddDays(1 - on.Day())
	p, err := s.service.Epoch.ParsePosition(bo.Position())
	must(t, err)
	reached, err := s.app.Notices.SendDue(ctx, reseller, on.Time().Add(6*time.Hour), p)
	must(t, err)
	after := "minPosition=" + reached.String()

	list := into[openapi.NoticeList](ada.get("/v1/notices?" + after).is(200))
	expect(t, "notices", []any{list.Total, list.Items[0].State, list.Items[0].Devices.New, *list.Items[0].Account.Name}, []any{1, openapi.NoticeSent, 3, "Zephyr"})
	id := list.Items[0].Id.String()
	month := list.Items[0].Month
	for filter, want := range map[string]int{
		"month=" + month: 1, "month=2020-01": 0, "account=" + customer.String(): 1, "account=" + uuid.NewString(): 0, "state=sent": 1, "state=skipped": 0,
		"seen=false": 1, "seen=true": 0, "recipient=" + who.Email: 1, "recipient=nobody@x.example": 0, "sort=-account,month": 1,
	} {
		expect(t, filter, into[openapi.NoticeList](ada.get("/v1/notices?"+filter).is(200)).Total, want)
	}
	ada.get("/v1/notices?month=2027-13").is(400)
	ada.get("/v1/notices?state=lost").is(400)
	ada.get("/v1/notices?sort=mails").refusedWith(400, "#/query/sort sort_unknown")
	ada.get("/v1/notices/nothing").is(400)
	csv := ada.get("/v1/notices", "Accept: text/csv").is(200)
	expect(t, "rows", strings.Count(string(csv.body), "\r\n"), 2)

	one := into[openapi.Notice](ada.get("/v1/notices/" + id + "?limit=2").is(200))
	expect(t, "page", []any{len(one.Items), one.Total, len(one.Recipients)}, []any{2, 3, 2})
	rest := into[openapi.Notice](ada.get("/v1/notices/" + id + "?limit=2&cursor=" + *one.NextCursor).is(200))
	expect(t, "rest", []any{len(rest.Items), rest.NextCursor == nil}, []any{1, true})
	ada.get("/v1/notices/"+id+"?cursor=x").refusedWith(400, "cursor_invalid")
	file := ada.get("/v1/notices/"+id, "Accept: text/csv").is(200)
	name := fmt.Sprintf("renewals_%s_%s.csv", customer, month)
	expect(t, "file name", file.header.Get("Content-Disposition"), `attachment; filename="`+name+`"`)

	// The customer sees its own recipient and may not acknowledge.
	theirs := into[openapi.Notice](bo.get("/v1/notices/" + id).is(200))
	expect(t, "recipients", []any{len(theirs.Recipients), theirs.Recipients[0].Person.Email}, []any{1, who.Email})
	acknowledge := func(c *caller, query, body string) answer {
		return c.post("/v1/notices/"+id+":acknowledge"+query, body)
	}
	acknowledge(bo, "", `{}`).is(403)
	acknowledge(ada, "", `{"devices":[]}`).is(422)
	acknowledge(ada, "", fmt.Sprintf(`{"devices":[%q]}`, mp70(9))).refusedWith(422, "/devices device_not_in_notice")
	acknowledge(ada, "?dryRun=true", `{}`).is(200)
	acknowledge(ada, "", fmt.Sprintf(`{"devices":[%q]}`, mp70(1))).is(200)
	expect(t, "seen", into[openapi.NoticeList](ada.get("/v1/notices?seen=true")).Total, 0)
	acknowledge(ada, "", "").is(200)
	acknowledge(ada, "", `{}`).is(200)
	seen := into[openapi.Notice](ada.get("/v1/notices/" + id))
	expect(t, "seen", []any{seen.Notice.Seen, seen.Notice.SeenBy.Kind, seen.Items[0].Seen}, []any{true, "user", true})

	// What arrived, as the operator sees it.
	ada.get("/v1/outbox").is(403)
	box := into[openapi.OutboxList](s.get("/v1/outbox?search=zephyr&sort=to").is(200))
	expect(t, "mails", box.Total, 2)
	for _, entry := range box.Items {
		mail := into[openapi.OutboxMail](s.get("/v1/outbox/" + entry.Id.String()).is(200))
		expect(t, "attachment", []any{mail.Attachments[0].Name, string(mail.Attachments[0].Content)}, []any{name, string(file.body)})
		if !strings.Contains(mail.Text, "“Zephyr”: 3 devices due in 90 days") || !strings.Contains(*mail.Html, "<title>“Zephyr”: 3 devices") {
			t.Errorf("mail: %s", mail.Text)
		}
		if mail.To != who.Email {
			expect(t, "unsubscribe", mail.Unsubscribe == nil, true)
			continue
		}
		path := strings.TrimPrefix(*mail.Unsubscribe, "https://fleet.example")
		s.as("").send("POST", path, "List-Unsubscribe=One-Click", "Content-Type: application/x-www-form-urlencoded").is(200)
		s.as("").send("POST", path, "").is(200)
		s.as("").get(path).is(405)
		s.as("").send("POST", path[:len(path)-1]+"_", "").is(404)
	}
	expect(t, "after one click", into[openapi.NoticeChoice](bo.get("/v1/me/notices")).Delivery, openapi.NoticeNone)
	s.get("/v1/outbox/" + uuid.NewString()).is(404)
}
