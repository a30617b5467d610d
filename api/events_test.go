package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// isToldBy is what the feed tells a caller, with a query.
func (c *caller) isToldBy(query string) []openapi.CloudEvent {
	c.t.Helper()
	a := c.get("/v1/events?" + query).is(http.StatusOK)
	require.Equal(c.t, "application/cloudevents-batch+json", a.header.Get("Content-Type"))
	var events []openapi.CloudEvent
	must(c.t, json.Unmarshal(a.body, &events))
	return events
}

// toldOf is what a caller is told of devices after its position.
func toldOf(events []openapi.CloudEvent, prefix string) []string {
	var all []string
	for _, e := range events {
		if strings.HasPrefix(e.Subject, prefix) {
			one := e.Type
			if e.Redacted != nil {
				one += " redacted"
			}
			all = append(all, one)
		}
	}
	return all
}

// upTo makes a query wait for what the stack has written last.
func (s *stack) upTo(query string) string {
	return strings.TrimPrefix(query+"&minPosition="+s.Position(), "&")
}

// market is a reseller, a customer of it, and another reseller that has nothing to do
// with them, and a device that went from the first to the second.
type market struct {
	*stack
	resellerUID, customerUID     uuid.UUID
	strangerUID                  uuid.UUID
	reseller, customer, stranger *caller
	device                       string
}

func newMarket(t *testing.T) market {
	t.Helper()
	m := market{stack: newStack(t)}
	m.resellerUID, m.reseller = m.stack.reseller("Northwind")
	m.customerUID = m.customerOf(m.reseller, "Alder")
	m.customer = m.signIn(m.customerUID, "")
	m.strangerUID, m.stranger = m.stack.reseller("Contoso")
	expect(t, "registered", m.reseller.registers(newDevice(1, m.resellerUID)), []string{"created"})
	when(m.TransferDevices(t.Context(), nil, client.TransferRequest{From: &m.resellerUID, To: &m.customerUID, Devices: &[]string{mp70(1)}, Reason: new("sold")})).Then(t)
	when(m.RenewDevices(t.Context(), nil, client.RenewalRequest{Devices: []string{mp70(1)}, Term: new("P1Y"), OrderNumber: new("PO-1")})).Then(t)
	m.reseller.After(m.Position())
	m.device = m.reseller.get("/v1/devices/" + mp70(1)).is(http.StatusOK).json()["uid"].(string)
	return m
}

// Each caller is told what it may see: whoever sees both accounts everything, the one
// that gets the device where it is now, and strangers nothing.
func TestWhoIsToldOfWhat(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	all := m.upTo("limit=1000")
	whole := []string{"Registered", "Transferred", "ServiceRenewed"}
	expect(t, "operator", toldOf(m.isToldBy(all), "device-"), whole)
	expect(t, "reseller", toldOf(m.reseller.isToldBy(all), "device-"), whole)
	expect(t, "customer", toldOf(m.customer.isToldBy(all), "device-"), []string{"Transferred redacted", "ServiceRenewed"})
	expect(t, "stranger", toldOf(m.stranger.isToldBy(all), "device-"), []string(nil))
	for _, e := range m.stranger.isToldBy(all) {
		text, err := json.Marshal(e)
		must(t, err)
		for _, other := range []string{m.resellerUID.String(), m.customerUID.String(), "Northwind", "Alder"} {
			require.NotContains(t, string(text), other)
		}
	}
	for _, e := range m.customer.isToldBy(all) {
		text, err := json.Marshal(e)
		must(t, err)
		switch e.Type {
		case "Transferred":
			require.NotContains(t, string(text), m.resellerUID.String())
			require.Contains(t, string(e.Data), m.customerUID.String())
			require.Nil(t, e.Reason)
			require.Nil(t, e.Actorid)
		case "ServiceRenewed":
			require.Contains(t, string(e.Data), `"PO-1"`)
			require.EqualValues(t, 2, *e.Revision)
		}
	}
	// A customer that lets nobody in any more: its reseller is told that the device has gone.
	when(m.EndPartnership(t.Context(), m.customerUID, m.resellerUID, nil)).Then(t)
	later := m.upTo("limit=1000&device=" + m.device)
	for _, e := range m.reseller.isToldBy(later) {
		if e.Type == "Transferred" {
			var data map[string]any
			must(t, json.Unmarshal(e.Data, &data))
			require.ElementsMatch(t, []string{"device", "from", "transfer"}, slices.Collect(maps.Keys(data)))
		}
	}
	expect(t, "former partner", toldOf(m.reseller.isToldBy(later), "device-"), []string{"Registered", "Transferred redacted"})
	expect(t, "operator for the customer", toldOf(m.isToldBy(all+"&account="+m.customerUID.String()), "device-"), []string{"Transferred", "ServiceRenewed"})
	for _, secret := range []string{"tokenHash", "credential", "eservation\""} {
		require.NotContains(t, string(m.get("/v1/events?"+all).is(http.StatusOK).body), secret)
	}
}

// What is told is proved: each event of the log that a caller is told of, and no other.
func TestWhatIsToldIsProved(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	all := m.isToldBy(m.upTo("limit=1000"))
	for name, c := range map[string]*caller{"operator": m.caller, "reseller": m.reseller, "customer": m.customer, "stranger": m.stranger} {
		told := map[uuid.UUID]bool{}
		for _, e := range c.isToldBy(m.upTo("limit=1000")) {
			told[e.Id] = true
		}
		for _, e := range all {
			want := http.StatusNotFound
			if told[e.Id] {
				want = http.StatusOK
			}
			got := c.get("/v1/events/" + e.Id.String() + "/proof?" + m.upTo(""))
			require.Equal(t, want, got.status, "%s about %s", name, e.Type)
		}
	}
}

// Rights decide: who may not read users is told of none, who has no right at all is
// refused.
func TestFeedGoesByRights(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	types := func(events []openapi.CloudEvent) map[string]bool {
		all := map[string]bool{}
		for _, e := range events {
			all[e.Type] = true
		}
		return all
	}
	all := m.upTo("limit=1000")
	m.activate(m.customerUID)
	require.True(t, types(m.customer.isToldBy(m.upTo("limit=1000")))["UserActivated"])
	reader := m.signIn(m.customerUID, rights.ReadOnly)
	require.False(t, types(reader.isToldBy(m.upTo("limit=1000")))["UserActivated"])
	require.True(t, types(reader.isToldBy(all))["AccountCreated"])
	profile := when(m.customer.DefineProfile(t.Context(), m.customerUID, nil, client.NewProfile{Name: "Renews", Rights: []string{"devices.renew"}})).Then(t).JSON201
	none := m.signIn(m.customerUID, profile.Uid.String())
	none.get("/v1/events").refusedWith(http.StatusForbidden, "missing_right")
	m.stranger.get("/v1/events", "X-Account: "+m.customerUID.String()).is(http.StatusNotFound)
}

// Whoever goes on behind any event is given exactly what comes after it, in parts of any
// size, and with filters.
func TestFeedGoesOn(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	ids := func(events []openapi.CloudEvent) []string {
		all := []string{}
		for _, e := range events {
			all = append(all, e.Id.String())
		}
		return all
	}
	for name, c := range map[string]*caller{"operator": m.caller, "reseller": m.reseller, "customer": m.customer} {
		whole := ids(c.isToldBy(m.upTo("limit=1000")))
		require.NotEmpty(t, whole, name)
		for i, id := range whole {
			require.Equal(t, whole[i+1:], ids(c.isToldBy("limit=1000&lastEventId="+id)), name)
		}
		var walked []string
		for last := ""; ; {
			part := ids(c.isToldBy("limit=1" + last))
			if len(part) == 0 {
				break
			}
			require.Len(t, part, 1)
			walked, last = append(walked, part...), "&lastEventId="+part[0]
		}
		require.Equal(t, whole, walked, name)
	}
	expect(t, "types", toldOf(m.isToldBy("type=Registered&type=ServiceRenewed&limit=1"), "device-"), []string{"Registered"})
	expect(t, "types", toldOf(m.isToldBy("type=Registered&type=ServiceRenewed"), "device-"), []string{"Registered", "ServiceRenewed"})
	expect(t, "device", len(m.isToldBy("device="+mp70(1))), 3)
	expect(t, "no such device", len(m.isToldBy("device="+mp70(9))), 0)
}

func TestFeedRefuses(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	unknown := uuid.NewString()
	m.get("/v1/events?lastEventId="+unknown).refusedWith(http.StatusGone, "last_event_unknown")
	m.customer.get("/v1/events", "Last-Event-ID: "+unknown).refusedWith(http.StatusGone, "last_event_unknown")
	m.get("/v1/events?lastEventId=7").refusedWith(http.StatusBadRequest, "#/query/lastEventId invalid_format")
	m.get("/v1/events?timeout=60000").refusedWith(http.StatusBadRequest, "#/query/timeout out_of_range")
	m.get("/v1/events?limit=0").refusedWith(http.StatusBadRequest, "#/query/limit out_of_range")
	m.get("/v1/events?type=Reserved").refusedWith(http.StatusBadRequest, "#/query/type/0 invalid_value")
	m.get("/v1/events?type=DayBegun").refusedWith(http.StatusBadRequest, "#/query/type/0 invalid_value")
	m.get("/v1/events?device=%20").refusedWith(http.StatusBadRequest, "#/query/device invalid_format")
	m.as("nobody").get("/v1/events").is(http.StatusUnauthorized)
}

// A reader with patience is answered as soon as something happens, and without with
// nothing.
func TestFeedWaits(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	last := m.customer.isToldBy(m.upTo("limit=1000"))
	from := "lastEventId=" + last[len(last)-1].Id.String()
	expect(t, "without patience", len(m.customer.isToldBy(from)), 0)
	expect(t, "not for long", len(m.customer.isToldBy(from+"&timeout=20")), 0)
	answered := make(chan []openapi.CloudEvent)
	go func() { answered <- m.customer.isToldBy(from + "&timeout=20000") }()
	when(m.EditDevice(t.Context(), mp70(1), nil, client.DeviceEdit{Name: new("gate")})).Then(t)
	expect(t, "at once", toldOf(<-answered, "device-"), []string{"Renamed"})
}

// A stream of events goes on where the reader says, tells what happens, and ends when
// the server does.
func TestFeedStreams(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	serving, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- m.handler.(*api.Server).Serve(serving, listener) }()
	first := m.customer.isToldBy(m.upTo("limit=1000"))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/v1/events", nil)
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+m.service.Token(m.customerUID, ""))
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Last-Event-ID", first[len(first)-2].Id.String())
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer func() { _ = answer.Body.Close() }()
	require.Equal(t, "text/event-stream", answer.Header.Get("Content-Type"))
	lines := bufio.NewScanner(answer.Body)
	next := func() openapi.CloudEvent {
		var e openapi.CloudEvent
		var id, kind string
		for lines.Scan() {
			switch name, value, _ := strings.Cut(lines.Text(), ": "); name {
			case "id":
				id = value
			case "event":
				kind = value
			case "data":
				must(t, json.Unmarshal([]byte(value), &e))
				require.Equal(t, []string{id, kind}, []string{e.Id.String(), e.Type})
				return e
			}
		}
		t.Fatal("the stream has ended:", lines.Err())
		return e
	}
	require.Equal(t, first[len(first)-1].Id, next().Id)
	for i := range 3 {
		when(m.EditDevice(t.Context(), mp70(1), nil, client.DeviceEdit{Name: new(fmt.Sprint("gate ", i))})).Then(t)
		require.Equal(t, "Renamed", next().Type)
	}
	stop()
	for lines.Scan() {
		require.NotContains(t, lines.Text(), "data")
	}
	must(t, lines.Err())
	must(t, <-ended)
}

// What falls due is told when a day has begun, once per device, end and window, and to
// who has the device.
func TestFeedTellsWhatFallsDue(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.activate(m.resellerUID, m.customerUID, m.strangerUID)
	device := when(m.GetDevice(t.Context(), mp70(1), nil)).Then(t).JSON200
	end, err := time.Parse(time.DateOnly, *device.ServiceEnd)
	must(t, err)
	day := func(n int) {
		m.clock.Set(end.AddDate(0, 0, n).Add(time.Hour))
		m.runDue()
	}
	due := func(c *caller) []string {
		var all []string
		for _, e := range c.isToldBy(m.upTo("type=ServiceExpiring&type=ServiceExpired")) {
			require.True(t, *e.Computed)
			require.Nil(t, e.Revision)
			var data struct{ Window, ServiceEnd string }
			must(t, json.Unmarshal(e.Data, &data))
			all = append(all, strings.TrimSpace(fmt.Sprint(data.ServiceEnd, " ", e.Time.Format(time.DateOnly), " ", data.Window)))
		}
		return all
	}
	on := func(end time.Time, n int) string {
		return end.Format(time.DateOnly) + " " + end.AddDate(0, 0, n).Format(time.DateOnly)
	}
	day(-100)
	expect(t, "before", due(m.customer), []string(nil))
	day(-90)
	day(-89)
	expect(t, "green", due(m.customer), []string{on(end, -90) + " green"})
	day(-20) // nobody has looked for weeks
	expect(t, "red", due(m.customer), []string{on(end, -90) + " green", on(end, -60) + " amber", on(end, -30) + " red"})
	when(m.RenewDevices(t.Context(), nil, client.RenewalRequest{Devices: []string{mp70(1)}, Term: new("P1Y")})).Then(t)
	day(5)
	expect(t, "renewed", len(due(m.customer)), 3)
	later := end.AddDate(1, 0, 0)
	end = later
	day(1)
	expect(t, "expired", due(m.customer)[3:], []string{on(end, -90) + " green", on(end, -60) + " amber", on(end, -30) + " red", on(end, 1)})
	expect(t, "stranger", len(due(m.stranger)), 0)
	expect(t, "reseller", len(due(m.reseller)), 7)
	for _, e := range m.customer.isToldBy("type=ServiceExpired") {
		expect(t, "goes on behind it", len(m.customer.isToldBy("lastEventId="+e.Id.String())), 0)
	}
}

// Everything that is told is as /asyncapi.json describes it.
func TestEventsAreAsDescribed(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	m.activate(m.resellerUID, m.customerUID)
	m.runDue()
	m.clock.Advance(800 * 24 * time.Hour)
	m.runDue()
	described, err := jsonschema.UnmarshalJSON(bytes.NewReader(m.get("/asyncapi.json").is(http.StatusOK).body))
	must(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	must(t, compiler.AddResource("http://fleet.example/asyncapi.json", described))
	seen := map[string]bool{}
	for _, c := range []*caller{m.caller, m.customer} {
		events, err := jsonschema.UnmarshalJSON(bytes.NewReader(c.get("/v1/events?" + m.upTo("limit=1000")).is(http.StatusOK).body))
		must(t, err)
		for _, e := range events.([]any) {
			name, _ := e.(map[string]any)["type"].(string)
			schema, err := compiler.Compile("http://fleet.example/asyncapi.json#/components/messages/" + name + "/payload")
			must(t, err)
			require.NoError(t, schema.Validate(e), "%v", e)
			seen[name] = true
		}
	}
	for _, name := range []string{"Registered", "Transferred", "ServiceRenewed", "RenewalOrdered", "TransferCarriedOut", "PartnershipEstablished", "AccountCreated", "ServiceExpired"} {
		require.True(t, seen[name], name)
	}
}

// Events tell of persons as long as there is something to tell: of one who was erased
// since, that it was.
func TestFeedForgetsTheErased(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	bo := when(m.customer.InviteUser(t.Context(), m.customerUID, nil, client.NewUser{Email: "bo@alder.example", Name: new("Bo Bright"), Profiles: &[]string{"read-only"}})).Then(t).JSON201.Uid
	m.accept(m.app.Tokens.UserInvitation(bo, 1))
	m.After(m.customer.Position())
	before := string(m.customer.get("/v1/events?" + m.upTo("limit=1000")).is(http.StatusOK).body)
	require.Contains(t, before, "bo@alder.example")
	require.NotContains(t, string(m.reseller.get("/v1/events?"+m.upTo("limit=1000")).is(http.StatusOK).body), "bo@alder.example", "users.read is not given to partners")
	m.post("/v1/persons/"+bo.String()+":erase", "").is(http.StatusOK)
	for _, c := range []*caller{m.caller, m.customer} {
		after := string(c.get("/v1/events?" + m.upTo("limit=1000")).is(http.StatusOK).body)
		require.NotContains(t, after, "bo@alder.example")
		require.NotContains(t, after, "Bo Bright")
		require.Contains(t, after, `"email":"erased"`)
	}
}
