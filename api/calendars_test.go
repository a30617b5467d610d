package api_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	goical "github.com/emersion/go-ical"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app"
)

const (
	calendarsAt = "/v1/me/calendars"
	calendarURL = "https://fleet.example"
)

func publicly(_ *app.Dependencies, o *api.Options) { o.PublicURL = calendarURL }

// calendar makes a calendar and gives the path in its address.
func (c *caller) calendar(body string) (made openapi.CreatedCalendar, at string) {
	c.t.Helper()
	made = into[openapi.CreatedCalendar](c.post(calendarsAt, body).is(201))
	at, ok := strings.CutPrefix(made.Address, calendarURL)
	if !ok {
		c.t.Fatalf("the address is %s", made.Address)
	}
	return made, at
}

// feed reads a calendar with the reader of another library than wrote it, once its
// read model is there.
func (s *stack) feed(at string) *goical.Calendar {
	s.t.Helper()
	s.caller.get("/v1/devices?limit=1&minPosition=" + s.Position()).is(200)
	got := s.as("").get(at).is(200)
	for line := range strings.SplitSeq(strings.TrimSuffix(string(got.body), "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			s.t.Errorf("not folded: %q", line)
		}
	}
	calendar, err := goical.NewDecoder(bytes.NewReader(got.body)).Decode()
	if err != nil {
		s.t.Fatalf("%v: %s", err, got.body)
	}
	return calendar
}

// summaries are the events of a calendar: day and summary.
func summaries(t *testing.T, calendar *goical.Calendar) []string {
	t.Helper()
	said := []string{}
	for _, e := range calendar.Events() {
		from, err := e.DateTimeStart(time.UTC)
		must(t, err)
		to, err := e.DateTimeEnd(time.UTC)
		must(t, err)
		if e.Props.Get(goical.PropDateTimeStart).ValueType() != goical.ValueDate || !to.Equal(from.AddDate(0, 0, 1)) {
			t.Errorf("not all day: %v to %v", from, to)
		}
		said = append(said, from.Format(time.DateOnly)+" "+textOf(t, e, goical.PropSummary))
	}
	return said
}

func textOf(t *testing.T, e goical.Event, property string) string {
	t.Helper()
	text, err := e.Props.Text(property)
	must(t, err)
	return text
}

// Whoever knows the address of a feed reads it; another library than ours understands
// it, whatever the names are.
func TestCalendarIsReadByAnotherLibrary(t *testing.T) {
	t.Parallel()
	s := newStack(t, apitest.With(publicly))
	uid, email := s.activated("North, South; and Sons")
	ada := s.enter(email)
	customer := s.customerOf(ada, `Délta "Rail"`)
	s.fullAccess(uid, customer)
	odd := `<b>Tür</b>, 1; "a\b" \n ` + strings.Repeat("ü", 60)
	first, others := newDevice(1, customer), []client.Registration{}
	first.Name = &odd
	for n := 2; n <= 25; n++ {
		others = append(others, newDevice(n, customer))
	}
	ada.registers(append(others, first)...)
	ada.registers(newDevice(30))
	s.After(ada.Position())

	_, at := ada.calendar(fmt.Sprintf(`{"label":"Rail","account":%q}`, customer))
	of := s.feed(at)
	expect(t, "events", summaries(t, of), []string{`2027-03-15 Délta "Rail": services of 25 devices end`})
	name, err := of.Props.Text("X-WR-CALNAME")
	must(t, err)
	expect(t, "name", name, `Renewals: Délta "Rail"`)
	every, err := of.Props.Get("REFRESH-INTERVAL").Duration()
	must(t, err)
	expect(t, "asked again", every, 6*time.Hour)
	one := of.Events()[0]
	description := textOf(t, one, goical.PropDescription)
	page := calendarURL + "/devices?account=" + customer.String() + "&renewal=due&serviceEndFrom=2027-03-15&serviceEndTo=2027-03-15"
	for _, part := range []string{"This is the last day of service of 25 devices.\n\n", odd + " (" + mp70(1) + ")\n", "\nand 5 more\n", page} {
		if !strings.Contains(description, part) {
			t.Errorf("%q is not in %q", part, description)
		}
	}
	where, err := one.Props.URI(goical.PropURL)
	must(t, err)
	expect(t, "page", where.String(), page)
	expect(t, "uid", textOf(t, one, goical.PropUID), "20270315-"+customer.String()+"@fleetledger")
	stamp, err := one.Props.DateTime(goical.PropDateTimeStamp, time.UTC)
	must(t, err)
	expect(t, "stamp", stamp, now)

	_, all := ada.calendar(`{"label":"All of ours"}`)
	expect(t, "of all", summaries(t, s.feed(all)), []string{
		`2027-03-15 Délta "Rail": services of 25 devices end`, "2031-03-15 North, South; and Sons: 1 device renews by itself",
	})
	_, own := ada.calendar(fmt.Sprintf(`{"label":"Own","account":%q}`, uid))
	expect(t, "of the own", summaries(t, s.feed(own)), []string{"2031-03-15 North, South; and Sons: 1 device renews by itself"})
}

// A calendar program asks again and again: it is told when nothing has changed, and
// by sequence and stamp what is newer.
func TestCalendarFollowsTheDevices(t *testing.T) {
	t.Parallel()
	s := newStack(t, apitest.With(publicly))
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	customer := s.customerOf(ada, "Delta Rail")
	s.fullAccess(uid, customer)
	ada.registers(newDevice(1, customer), newDevice(2, customer))
	s.After(ada.Position())
	_, at := ada.calendar(`{"label":"Rail"}`)
	sequence := func() int {
		n, err := s.feed(at).Events()[0].Props.Get(goical.PropSequence).Int()
		must(t, err)
		return n
	}
	before := sequence()
	got := s.as("").get(at).is(200)
	for header, want := range map[string]string{
		"Content-Type": "text/calendar; charset=utf-8", "Cache-Control": "private, no-cache", "Referrer-Policy": "no-referrer",
	} {
		expect(t, header, got.header.Get(header), want)
	}
	tag := got.header.Get("ETag")
	s.clock.Advance(time.Hour)
	again := s.as("").get(at, "If-None-Match: "+tag).is(304)
	expect(t, "body", len(again.body), 0)
	head := s.as("").raw(http.MethodHead, at, "")
	expect(t, "HEAD", fmt.Sprint(head.Code, head.Body.Len(), head.Header().Get("ETag") == tag), "200 0 true")

	ada.post("/v1/devices/"+mp70(1)+":retire", "").is(200)
	s.After(ada.Position())
	expect(t, "one is gone", summaries(t, s.feed(at)), []string{"2027-03-15 Delta Rail: services of 1 device end"})
	s.as("").get(at, "If-None-Match: "+tag).is(200)
	left := sequence()
	if left <= before {
		t.Errorf("sequence %d after %d", left, before)
	}
	modified, err := s.feed(at).Events()[0].Props.DateTime(goical.PropLastModified, time.UTC)
	must(t, err)
	expect(t, "modified", modified, now.Add(time.Hour))
	s.clock.Set(time.Date(2027, 3, 15, 23, 0, 0, 0, time.UTC))
	expect(t, "on the last day", len(s.feed(at).Events()), 1)
	s.clock.Set(time.Date(2027, 3, 16, 1, 0, 0, 0, time.UTC))
	got = s.as("").get(at).is(200)
	if strings.Contains(string(got.body), "VEVENT") {
		t.Errorf("expired: %s", got.body)
	}
}

// Calendars are their maker's own, and the address is told once.
func TestCalendarsAreMadeListedAndRevoked(t *testing.T) {
	t.Parallel()
	s := newStack(t, apitest.With(publicly))
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	strangers, otherEmail := s.activated("Southwind")
	for _, who := range []*caller{s.caller, s.signIn(uid, "")} {
		who.get(calendarsAt).refusedWith(403, "session_required")
		who.post(calendarsAt, `{"label":"x"}`).refusedWith(403, "session_required")
	}
	s.as("").get(calendarsAt).refusedWith(401, "unauthenticated")
	ada.post(calendarsAt, `{"label":" ","expiresAt":"2020-01-01T00:00:00Z"}`).refusedWith(422, "/label label_invalid", "/expiresAt expiry_invalid")
	for _, account := range []uuid.UUID{strangers, uuid.New()} {
		ada.post(calendarsAt, fmt.Sprintf(`{"label":"x","account":%q}`, account)).refusedWith(404, "not_found")
	}
	body := fmt.Sprintf(`{"label":"Phone","account":%q,"expiresAt":"2026-06-01T00:00:00Z"}`, uid)
	first := into[openapi.CreatedCalendar](ada.post(calendarsAt, body, "Idempotency-Key: one").is(201))
	again := into[openapi.CreatedCalendar](ada.post(calendarsAt, body, "Idempotency-Key: one").is(201))
	expect(t, "repeated", again, first)
	ada.post(calendarsAt, `{"label":"Phone"}`, "Idempotency-Key: one").refusedWith(422, "idempotency_key_reused")
	at := strings.TrimPrefix(first.Address, calendarURL)

	listed := ada.get(calendarsAt).is(200)
	if strings.Contains(string(listed.body), "flca_") {
		t.Errorf("the list has the token: %s", listed.body)
	}
	one := into[openapi.CalendarList](listed).Items[0]
	expect(t, "listed", fmt.Sprint(one.Label, " ", *one.Account.Name, one.LastReadAt == nil), "Phone Northwindtrue")
	s.as("").get(at).is(200)
	expect(t, "read", *into[openapi.CalendarList](ada.get(calendarsAt).is(200)).Items[0].LastReadAt, now)
	var secrets int
	must(t, s.service.Pool.QueryRow(t.Context(), `SELECT count(*) FROM ops.calendars c WHERE c::text LIKE '%flca%'`).Scan(&secrets))
	expect(t, "secrets kept", secrets, 0)

	mine := calendarsAt + "/" + first.Id.String()
	s.enter(otherEmail).send(http.MethodDelete, mine, "").refusedWith(404, "not_found")
	ada.send(http.MethodDelete, mine, "").is(204)
	ada.send(http.MethodDelete, mine, "").refusedWith(404, "not_found")
	s.as("").get(at).refusedWith(404, "not_found")
	ada.post(calendarsAt, body, "Idempotency-Key: one").is(201)
	s.as("").get(at).refusedWith(404, "not_found")
	for i := range 20 {
		ada.calendar(fmt.Sprintf(`{"label":"%d"}`, i))
	}
	ada.post(calendarsAt, `{"label":"more"}`).refusedWith(422, "too_many_calendars")
	ada.speaks(calendarsAt, "label")
}

// Whatever ends it, a feed of before answers as one that never was.
func TestCalendarEnds(t *testing.T) {
	t.Parallel()
	var log logBuffer
	s := newStack(t, apitest.With(func(_ *app.Dependencies, o *api.Options) {
		o.PublicURL, o.Logger = calendarURL, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}))
	ctx := t.Context()
	plain := func(a answer) string {
		return fmt.Sprint(a.status, a.codes(), into[openapi.Problem](a).Detail, a.header.Get("ETag"), a.header.Get("Referrer-Policy"))
	}
	unknown := plain(s.as("").get("/v1/calendar/flca_" + strings.Repeat("A", 43) + ".ics").is(404))
	ended := func(why, at string) {
		t.Helper()
		expect(t, why, plain(s.as("").get(at)), unknown)
	}
	for name, path := range map[string]string{"no token": "/v1/calendar/.ics", "no ending": "/v1/calendar/x", "a spelling": "/v1/calendar/x/.ics", "too long": "/v1/calendar/" + strings.Repeat("x", 300) + ".ics"} {
		if got := s.as("").raw(http.MethodGet, path, ""); got.Code != 404 && got.Code != 400 {
			t.Errorf("%s: %d", name, got.Code)
		}
	}
	uid, email := s.activated("Northwind")
	ada := s.enter(email)
	customer := s.customerOf(ada, "Delta Rail")
	_, at := ada.calendar(fmt.Sprintf(`{"label":"x","account":%q,"expiresAt":%q}`, customer, now.Add(time.Hour).Format(time.RFC3339)))
	s.as("").get(at).is(200)
	s.clock.Advance(time.Hour)
	ended("expired", at)

	_, at = ada.calendar(fmt.Sprintf(`{"label":"x","account":%q}`, customer))
	profile := when(s.signIn(customer, "").DefineProfile(ctx, customer, nil, client.NewProfile{Name: "Blind", Rights: []string{"customers.read"}})).Then(t).JSON201.Uid
	s.partnerProfile(uid, customer, profile.String())
	ended("a lost right", at)
	s.partnerProfile(uid, customer, "read-only")
	s.as("").get(at).is(200)
	when(s.signIn(customer, "").EndPartnership(ctx, customer, uid, nil)).Then(t)
	ended("no longer a partner", at)

	bo := when(ada.InviteUser(ctx, uid, nil, client.NewUser{Email: "bo@x.example", Profiles: &[]string{"read-only"}})).Then(t).JSON201.Uid
	s.accept(s.app.Tokens.UserInvitation(bo, 1))
	_, his := s.enter("bo@x.example").calendar(`{"label":"x"}`)
	s.as("").get(his).is(200)
	when(ada.DeactivateUser(ctx, uid, bo, nil, client.Reason{})).Then(t)
	ended("deactivated", his)
	when(ada.ReactivateUser(ctx, uid, bo, nil, client.Reason{})).Then(t)
	ended("reactivated", his)
	_, his = s.enter("bo@x.example").calendar(`{"label":"again"}`)
	s.as("").get(his).is(200)
	s.post("/v1/persons/"+bo.String()+":erase", "").is(200)
	ended("erased", his)

	_, own := ada.calendar(`{"label":"x"}`)
	s.as("").get(own).is(200)
	when(ada.ChangePassword(ctx, nil, client.PasswordChange{Current: password, Password: newPassword})).Then(t)
	ended("another password", own)
	expect(t, "left", len(into[openapi.CalendarList](ada.get("/v1/me/calendars").is(200)).Items), 0)
	_, own = ada.calendar(`{"label":"y"}`)
	s.as("").get(own).is(200)
	s.post("/v1/accounts/"+uid.String()+":close", `{"confirm":true}`).is(200)
	ended("closed", own)
	if strings.Contains(log.String(), "flca_") || !strings.Contains(log.String(), "/v1/calendar/{token}.ics") {
		t.Errorf("the log has a token, or nothing of it: %s", log.String())
	}
	if metrics := string(s.as(operatorToken).get("/metrics").is(200).body); strings.Contains(metrics, "flca_") {
		t.Error("the metrics have a token")
	}
}

// One feed is not read without end.
func TestCalendarIsRateLimited(t *testing.T) {
	t.Parallel()
	s := newStack(t, apitest.With(publicly))
	_, email := s.activated("Northwind")
	ada := s.enter(email)
	_, at := ada.calendar(`{"label":"x"}`)
	_, other := ada.calendar(`{"label":"y"}`)
	for range 2000 { // what comes again meanwhile is less than any machine reads
		if got := s.as("").get(at); got.status == 429 {
			expect(t, "told when", got.header.Get("Retry-After"), "1")
			s.as("").get(other).is(200)
			return
		}
	}
	t.Error("2000 reads at once are not refused")
}
