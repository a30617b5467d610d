package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// message is what an endpoint was sent.
type message struct {
	id    string
	event openapi.CloudEvent
	head  http.Header
	body  []byte
}

// endpoint is somebody's server that is told of events.
type endpoint struct {
	t        *testing.T
	address  string
	messages chan message

	mu     sync.Mutex
	status int
}

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	e := &endpoint{t: t, messages: make(chan message, 1000), status: http.StatusNoContent}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		m := message{id: r.Header.Get("webhook-id"), head: r.Header, body: body}
		if err := json.Unmarshal(body, &m.event); err != nil {
			t.Error(err)
		}
		e.messages <- m
		e.mu.Lock()
		defer e.mu.Unlock()
		w.WriteHeader(e.status)
		_, _ = io.WriteString(w, "so be it")
	}))
	t.Cleanup(server.Close)
	e.address = server.URL + "/hook"
	return e
}

// answers has the endpoint answer with a status from now on.
func (e *endpoint) answers(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status = status
}

// next is the next message.
func (e *endpoint) next() message {
	e.t.Helper()
	select {
	case m := <-e.messages:
		return m
	case <-time.After(20 * time.Second):
		e.t.Fatal("no message has come")
		return message{}
	}
}

// hook makes a webhook of a caller's account.
func (e *endpoint) hook(c *caller, types ...string) client.WebhookWithSecret {
	e.t.Helper()
	made := client.NewWebhook{Label: "desk", Address: e.address}
	if len(types) > 0 {
		made.Types = &types
	}
	return *when(c.CreateWebhook(e.t.Context(), nil, made)).Then(e.t).JSON201
}

func (e *endpoint) verified(m message, secret string) {
	e.t.Helper()
	receiver, err := standard.NewWebhook(secret)
	must(e.t, err)
	require.NoError(e.t, receiver.Verify(m.body, m.head))
}

// rename gives the market's device another name.
func (m market) rename(name string) {
	m.t.Helper()
	when(m.EditDevice(m.t.Context(), mp70(1), nil, client.DeviceEdit{Name: &name})).Then(m.t)
}

// A webhook is told of what happens from then on, in order, each message signed, and of
// what its account sees alone.
func TestWebhookIsTold(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	e, other := newEndpoint(t), newEndpoint(t)
	hook := e.hook(m.customer)
	other.hook(m.stranger)
	for _, name := range []string{"one", "two", "three"} {
		m.rename(name)
	}
	feed := m.customer.isToldBy(m.upTo("type=Renamed"))
	for i, name := range []string{"one", "two", "three"} {
		got := e.next()
		e.verified(got, hook.Secret)
		require.Equal(t, feed[i], got.event)
		require.Equal(t, feed[i].Id.String(), got.id)
		require.Contains(t, string(got.event.Data), `"newName":"`+name+`"`)
	}
	model := `{"serialPattern":"^ZX[0-9]{14}$","offers":["basic"],"defaultOffer":"basic","includedMonths":12}`
	m.send(http.MethodPut, "/v1/catalogue/ZX90", model).is(http.StatusOK)
	require.Equal(t, "ModelDefined", other.next().event.Type, "what is everybody's, and nothing before it")
	require.Equal(t, "ModelDefined", e.next().event.Type)
}

// An event that is not taken comes again until it is, with the same id, before those
// behind it; the log of deliveries has each attempt.
func TestWebhookTriesAgain(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	e := newEndpoint(t)
	e.answers(http.StatusServiceUnavailable)
	hook := e.hook(m.customer, "Renamed")
	m.rename("one")
	m.rename("two")
	first := e.next()
	for range 3 {
		again := e.next()
		require.Equal(t, first.id, again.id)
		e.verified(again, hook.Secret)
	}
	e.answers(http.StatusOK)
	for {
		if got := e.next(); got.id != first.id {
			require.Contains(t, string(got.event.Data), `"newName":"two"`)
			break
		}
	}
	at := "/v1/webhooks/" + hook.Id.String()
	require.Eventually(t, func() bool {
		last := into[openapi.WebhookDeliveryList](m.customer.get(at + "/deliveries?limit=1").is(http.StatusOK)).Items[0]
		return last.Delivered && last.Attempt == 1 // it is the second event's
	}, 20*time.Second, time.Millisecond)
	var all []openapi.WebhookDelivery
	for cursor := ""; ; {
		page := into[openapi.WebhookDeliveryList](m.customer.get(at + "/deliveries?limit=2" + cursor).is(http.StatusOK))
		all = append(all, page.Items...)
		if page.NextCursor == nil {
			require.Len(t, all, page.Total)
			break
		}
		cursor = "&cursor=" + *page.NextCursor
	}
	require.True(t, all[0].Delivered)
	require.Equal(t, 1, all[0].Attempt)
	failed := all[len(all)-1]
	require.Equal(t, []any{false, 503, "answer_status", "so be it", 1}, []any{failed.Delivered, *failed.Status, *failed.Failure, failed.Answer, failed.Attempt})
	m.stranger.get(at + "/deliveries").is(http.StatusNotFound)
}

// A new secret signs beside the one before for a while; a repeat of the command makes no
// other one.
func TestWebhookRotatesItsSecret(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	e := newEndpoint(t)
	hook := e.hook(m.customer, "Renamed")
	at := "/v1/webhooks/" + hook.Id.String()
	rotate := func() string {
		return m.customer.post(at+":rotateSecret", `{"overlapHours":1}`, "Idempotency-Key: once").is(http.StatusOK).json()["secret"].(string)
	}
	second := rotate()
	require.NotEqual(t, hook.Secret, second)
	require.Equal(t, second, rotate())
	m.rename("one")
	both := e.next()
	e.verified(both, hook.Secret)
	e.verified(both, second)
	m.activate(m.customerUID)
	m.clock.Advance(2 * time.Hour)
	m.rename("two")
	one := e.next()
	e.verified(one, second)
	receiver, err := standard.NewWebhook(hook.Secret)
	must(t, err)
	require.Error(t, receiver.Verify(one.body, one.head))
}

// A test is sent at once, and told what became of it.
func TestWebhookIsTested(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	e := newEndpoint(t)
	hook := e.hook(m.customer)
	at := "/v1/webhooks/" + hook.Id.String()
	e.answers(http.StatusMovedPermanently)
	d := into[openapi.WebhookDelivery](m.customer.post(at+":test", "").is(http.StatusOK))
	require.Equal(t, []any{false, "answer_redirect", 301}, []any{d.Delivered, *d.Failure, *d.Status})
	e.answers(http.StatusOK)
	d = into[openapi.WebhookDelivery](m.customer.post(at+":test", "").is(http.StatusOK))
	require.True(t, d.Delivered)
	e.next()
	sent := e.next()
	e.verified(sent, hook.Secret)
	require.Equal(t, "WebhookTested", sent.event.Type)
	require.Equal(t, d.MessageId.String(), sent.id)
}

// A webhook is sent back to an event, and tells what came after it once more.
func TestWebhookIsReplayed(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	e := newEndpoint(t)
	hook := e.hook(m.customer, "Renamed")
	at := "/v1/webhooks/" + hook.Id.String()
	m.rename("one")
	m.rename("two")
	first, second := e.next(), e.next()
	m.customer.post(at+"/replays", `{"lastEventId":"`+first.id+`"}`).is(http.StatusOK)
	require.Equal(t, second.id, e.next().id)
	m.customer.post(at+"/replays", `{"lastEventId":null}`).is(http.StatusOK)
	require.Equal(t, first.id, e.next().id)
	require.Equal(t, second.id, e.next().id)
	m.customer.post(at+"/replays", `{"lastEventId":"`+uuid.NewString()+`"}`).refusedWith(http.StatusGone, "last_event_unknown")
	m.stranger.post(at+"/replays", `{"lastEventId":"`+uuid.NewString()+`"}`).refusedWith(http.StatusNotFound, "not_found")
	m.customer.post(at+"/replays", `{}`).refusedWith(http.StatusBadRequest, "/lastEventId field_missing")
}

// A webhook whose address fails for long is disabled, and its administrators are mailed;
// enabled again it goes on where it was. 410 disables at once.
func TestWebhookIsDisabled(t *testing.T) {
	t.Parallel()
	s := newStack(t, apitest.With(func(d *app.Dependencies, _ *api.Options) { d.Webhooks.GiveUp = 20 * time.Millisecond }))
	uid, customer := s.reseller("Northwind")
	s.activate(uid)
	expect(t, "registered", customer.registers(newDevice(1, uid)), []string{"created"})
	m := market{stack: s, customer: customer}
	e := newEndpoint(t)
	e.answers(http.StatusInternalServerError)
	hook := e.hook(customer, "Renamed")
	at := "/v1/webhooks/" + hook.Id.String()
	m.rename("one")
	disabled := func(why string) func() bool {
		return func() bool {
			w := into[openapi.Webhook](customer.get(at).is(http.StatusOK))
			return !w.Enabled && *w.DisabledBecause == why
		}
	}
	require.Eventually(t, disabled("failing"), 20*time.Second, time.Millisecond)
	mails := func() int {
		n := 0
		for _, mail := range s.get("/v1/outbox").is(http.StatusOK).json()["items"].([]any) {
			if strings.Contains(mail.(map[string]any)["subject"].(string), "desk") {
				n++
			}
		}
		return n
	}
	require.Eventually(t, func() bool { return mails() == 1 }, 20*time.Second, time.Millisecond)
	e.answers(http.StatusOK)
	m.rename("two")
	customer.send(http.MethodPatch, at, `{"enabled":true}`).is(http.StatusOK)
	seen := ""
	for !strings.Contains(seen, "two") {
		seen = string(e.next().event.Data)
	}
	e.answers(http.StatusGone)
	m.rename("three")
	require.Eventually(t, disabled("answered_gone"), 20*time.Second, time.Millisecond)
	customer.send(http.MethodPatch, at, `{"enabled":true}`).is(http.StatusOK)
	customer.send(http.MethodPatch, at, `{"enabled":false}`).is(http.StatusOK)
	require.Eventually(t, func() bool { return disabled("by_hand")() || disabled("answered_gone")() }, 20*time.Second, time.Millisecond)
	customer.send(http.MethodDelete, at, "").is(http.StatusNoContent)
	customer.get(at).is(http.StatusNotFound)
}

// Who has to do with webhooks, and what is wrong with one.
func TestWebhooksRefuse(t *testing.T) {
	t.Parallel()
	m := newMarket(t)
	e := newEndpoint(t)
	hook := e.hook(m.customer)
	at := "/v1/webhooks/" + hook.Id.String()
	reader := m.signIn(m.customerUID, rights.ReadOnly)
	for _, c := range []*caller{m.reseller, m.stranger, m.caller} {
		c.get(at).is(http.StatusNotFound)
		c.send(http.MethodPatch, at, `{"enabled":false}`).is(http.StatusNotFound)
		c.post(at+":test", "").is(http.StatusNotFound)
		c.post(at+":rotateSecret", "").is(http.StatusNotFound)
		c.send(http.MethodDelete, at, "").is(http.StatusNotFound)
		expect(t, "others", into[openapi.WebhookList](c.get("/v1/webhooks").is(http.StatusOK)).Total, 0)
	}
	reader.get("/v1/webhooks").refusedWith(http.StatusForbidden, "missing_right")
	reader.post("/v1/webhooks", `{"label":"x","address":"https://example.com"}`).refusedWith(http.StatusForbidden, "missing_right")
	m.reseller.get("/v1/webhooks", "X-Account: "+m.customerUID.String()).refusedWith(http.StatusForbidden, "missing_right")
	expect(t, "the operator for the account", into[openapi.WebhookList](m.get("/v1/webhooks", "X-Account: "+m.customerUID.String()).is(http.StatusOK)).Total, 1)
	for _, address := range []string{"ftp://127.0.0.1", "https://10.0.0.1/", "https://169.254.169.254/", "https://user:secret@example.com/", "nonsense"} {
		m.customer.post("/v1/webhooks", `{"label":"x","address":"`+address+`","types":["Reserved"]}`).
			refusedWith(http.StatusUnprocessableEntity, "/address webhook_address_invalid", "/types/0 event_type_unknown")
	}
	m.customer.post("/v1/webhooks", `{"label":" ","address":"https://example.com"}`).refusedWith(http.StatusUnprocessableEntity, "/label label_invalid")
	for range 19 {
		e.hook(m.customer)
	}
	m.customer.post("/v1/webhooks", `{"label":"x","address":"https://example.com"}`).refusedWith(http.StatusUnprocessableEntity, "too_many_webhooks")
}

// mortal is a store that dies before it notes the first delivery.
type mortal struct {
	ports.Webhooks
	died chan struct{}
	once sync.Once
}

func (m *mortal) Delivered(ctx context.Context, w ports.Webhook, d ports.Delivery) (after ports.Webhook, err error) {
	err = eventlog.ErrUnavailable
	m.once.Do(func() { close(m.died); after = w })
	if after.ID == uuid.Nil {
		return m.Webhooks.Delivered(ctx, w, d)
	}
	return after, err
}

// What was sent and not noted, since the process or the database died in between, is sent
// again with the same id, and nothing is left out.
func TestWebhookOfADeadProcess(t *testing.T) {
	t.Parallel()
	died := make(chan struct{})
	s := newStack(t, apitest.With(func(d *app.Dependencies, _ *api.Options) {
		d.Webhooks.Store = &mortal{Webhooks: d.Webhooks.Store, died: died}
	}))
	uid, customer := s.reseller("Northwind")
	expect(t, "registered", customer.registers(newDevice(1, uid)), []string{"created"})
	m := market{stack: s, customer: customer}
	e := newEndpoint(t)
	hook := e.hook(customer, "Renamed")
	m.rename("one")
	<-died
	m.rename("two")
	first, again, second := e.next(), e.next(), e.next()
	require.Equal(t, first.id, again.id)
	e.verified(again, hook.Secret)
	require.Contains(t, string(second.event.Data), `"newName":"two"`)
}

// Whoever changes a webhook does not wait for the pause that it makes.
func TestChangedWebhookGoesOnAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t, apitest.With(func(d *app.Dependencies, _ *api.Options) { d.Webhooks.Pauses = []time.Duration{time.Hour} }))
	uid, customer := s.reseller("Northwind")
	expect(t, "registered", customer.registers(newDevice(1, uid)), []string{"created"})
	m := market{stack: s, customer: customer}
	e, other := newEndpoint(t), newEndpoint(t)
	e.answers(http.StatusInternalServerError)
	hook := e.hook(customer, "Renamed")
	m.rename("one")
	first := e.next()
	at := "/v1/webhooks/" + hook.Id.String()
	require.Eventually(t, func() bool {
		return into[openapi.Webhook](customer.get(at).is(http.StatusOK)).FailedAttempts == 1
	}, 20*time.Second, time.Millisecond)
	customer.send(http.MethodPatch, at, `{"address":"`+other.address+`"}`).is(http.StatusOK)
	require.Equal(t, first.id, other.next().id)
}
