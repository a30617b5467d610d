package api_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
)

func withKeys(t *testing.T, f *fake, lock time.Duration) *caller {
	t.Helper()
	return newClient(t, keys(options(f), postgres.NewIdempotencyKeys(pgtest.Pool(t), lock, time.Hour, 0)))
}

// keys are real idempotency keys.
func keys(o api.Options, store *postgres.IdempotencyKeys) api.Options {
	o.Idempotency = store
	return o
}

func commandID(t *testing.T, got any) uuid.UUID {
	t.Helper()
	c, ok := got.(accounts.Create)
	if !ok {
		t.Fatalf("%T", got)
	}
	return c.ID
}

func TestARepeatGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	f := &fake{created: command.Receipt{UID: customer, Position: at9}}
	c := withKeys(t, f, time.Minute)
	first := c.post("/v1/customers", newCustomer, "Idempotency-Key: k1").is(201)
	f.created.UID = reseller // a second execution would show
	again := c.post("/v1/customers", newCustomer, "Idempotency-Key: k1").is(201)
	if string(first.body) != string(again.body) || f.calls != 1 {
		t.Errorf("%d calls; %s, then %s", f.calls, first.body, again.body)
	}
	if first.header.Get("Idempotent-Replayed") != "" || again.header.Get("Idempotent-Replayed") != "true" {
		t.Error("Idempotent-Replayed is wrong")
	}
	for _, name := range []string{"Location", "X-Position", "Content-Type"} {
		if first.header.Get(name) != again.header.Get(name) || again.header.Get(name) == "" {
			t.Errorf("%s: %q, then %q", name, first.header.Get(name), again.header.Get(name))
		}
	}
	if first.header.Get("X-Request-Id") == again.header.Get("X-Request-Id") {
		t.Error("the request id was replayed")
	}

	c.post("/v1/customers", newCustomer+" ", "Idempotency-Key: k1").refusedWith(422, "idempotency_key_reused")
	c.post("/v1/device-registrations", `{"items":[]}`, "Idempotency-Key: k1").refusedWith(422, "idempotency_key_reused")
	// Another account acted for, another caller, no key: other requests.
	c.post("/v1/customers", newCustomer, "Idempotency-Key: k1", "X-Account: "+customer.String()).is(201)
	c.as(operatorToken).post("/v1/customers", newCustomer, "Idempotency-Key: k1").is(201)
	c.post("/v1/customers", newCustomer).is(201)
	if f.calls != 4 {
		t.Errorf("%d calls", f.calls)
	}
}

func TestRefusalsAreKeptAndFailuresAreNot(t *testing.T) {
	t.Parallel()
	f := &fake{err: domain.Refuse(domain.Problem{Kind: domain.Conflict, Code: "name_taken", Detail: "taken"})}
	c := withKeys(t, f, time.Minute)
	c.post("/v1/customers", newCustomer, "Idempotency-Key: k1").refusedWith(409, "name_taken")
	f.err = nil
	if got := c.post("/v1/customers", newCustomer, "Idempotency-Key: k1").refusedWith(409, "name_taken"); got.header.Get("Idempotent-Replayed") != "true" {
		t.Error("not replayed")
	}

	for i, err := range []error{eventlog.ErrUnavailable, eventlog.ErrBusy, fmt.Errorf("a bug")} {
		key := fmt.Sprintf("Idempotency-Key: f%d", i)
		f.err = err
		c.post("/v1/customers", newCustomer, key)
		before := commandID(t, f.got)
		f.err = nil
		c.post("/v1/customers", newCustomer, key).is(201)
		if commandID(t, f.got) != before {
			t.Errorf("%v: the repeat is another command", err)
		}
	}
	f.duringCall = func() { panic("bug") }
	c.post("/v1/customers", newCustomer, "Idempotency-Key: p").is(500)
	f.duringCall = nil
	c.post("/v1/customers", newCustomer, "Idempotency-Key: p").is(201)
}

func TestOnlyOneOfManyAtOnceRuns(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	f := &fake{created: command.Receipt{UID: customer, Position: at9}}
	f.duringCall = func() { once.Do(func() { close(inside) }); <-leave }
	c := withKeys(t, f, time.Minute)
	done := make(chan answer)
	go func() { done <- c.post("/v1/customers", newCustomer, "Idempotency-Key: k") }()
	<-inside
	for range 5 {
		got := c.post("/v1/customers", newCustomer, "Idempotency-Key: k").refusedWith(409, "idempotency_key_in_use")
		if got.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	close(leave)
	(<-done).is(201)
	c.post("/v1/customers", newCustomer, "Idempotency-Key: k").is(201)
	if f.calls != 1 {
		t.Errorf("%d calls", f.calls)
	}
}

// A process that dies over a request leaves its key locked. When the lock has
// run out the repeat carries the same command on.
func TestAfterACrashTheSameCommandGoesOn(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	crashed := &fake{created: command.Receipt{UID: reseller, Position: at9}} // as it must not answer
	died := make(chan struct{})
	hang := make(chan struct{})
	crashed.duringCall = func() { close(died); <-hang }
	before := newClient(t, keys(options(crashed), postgres.NewIdempotencyKeys(pool, 0, time.Hour, 0)))
	late := make(chan answer, 1)
	go func() { late <- before.post("/v1/customers", newCustomer, "Idempotency-Key: k") }()
	<-died // the first process never comes to its answer

	after := &fake{created: command.Receipt{UID: customer, Position: at9}}
	c := newClient(t, keys(options(after), postgres.NewIdempotencyKeys(pool, time.Minute, time.Hour, 0)))
	second := c.post("/v1/customers", newCustomer, "Idempotency-Key: k").is(201)
	if commandID(t, after.got) != commandID(t, crashed.got) {
		t.Error("another command id")
	}
	close(hang)
	// It was only frozen, and has lost its lock: it gives the second's answer.
	got := (<-late).is(201)
	if string(got.body) != string(second.body) || got.header.Get("Location") != second.header.Get("Location") ||
		got.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("two answers: %s %s, then %s %s", second.header, second.body, got.header, got.body)
	}
	if got := c.post("/v1/customers", newCustomer, "Idempotency-Key: k").is(201); got.header.Get("Idempotent-Replayed") != "true" {
		t.Error("not replayed")
	}
}

// The id of a command, which the log tells, does not give away what was asked:
// it follows from the installation's key, too.
func TestTheCommandOfARequestIsKeyed(t *testing.T) {
	t.Parallel()
	ids := map[string]uuid.UUID{}
	pool := pgtest.Pool(t)
	for n, key := range []string{"one", "other", "one"} {
		f := &fake{created: command.Receipt{UID: customer, Position: at9}}
		o := keys(options(f), postgres.NewIdempotencyKeys(pool, time.Minute, time.Hour, 0))
		o.FingerprintKey = []byte(key)
		c := newClient(t, o)
		if _, err := pool.Exec(t.Context(), `DELETE FROM ops.idempotency_keys`); err != nil {
			t.Fatal(err)
		}
		c.post("/v1/customers", newCustomer, "Idempotency-Key: k1").is(201)
		if id, known := ids[key]; known && id != commandID(t, f.got) {
			t.Errorf("request %d: another id with the same key", n)
		}
		ids[key] = commandID(t, f.got)
	}
	if ids["one"] == ids["other"] {
		t.Error("the same id with another key")
	}
}
