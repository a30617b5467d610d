package api_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/transfers"
)

// fullFor insists on a 429 that says how long there is no room, within an hour of it.
func fullFor(t *testing.T, got answer, code string, longest time.Duration) {
	t.Helper()
	got.refusedWith(http.StatusTooManyRequests, code)
	after, err := strconv.Atoi(got.header.Get("Retry-After"))
	must(t, err)
	if wait := time.Duration(after) * time.Second; wait > longest || wait < longest-time.Hour {
		t.Errorf("Retry-After is %s", wait)
	}
	if got.header.Get("Ratelimit-Remaining") != "0" || got.header.Get("Ratelimit-Reset") != got.header.Get("Retry-After") {
		t.Errorf("%v", got.header)
	}
}

// An account has so many kept answers, however many tokens it has. Repeats are answered,
// requests without a key are carried out, and other accounts do not notice.
func TestAnAccountsKeysAreLimited(t *testing.T) {
	t.Parallel()
	f := &fake{created: command.Receipt{UID: customer, Position: at9}}
	o := keys(options(f), postgres.NewIdempotencyKeys(pgtest.Pool(t), time.Minute, 24*time.Hour, 2))
	first, second, other := twoOfOne(&o)
	c := newClient(t, o)
	create := func(token, key string) answer {
		return c.as(token).post("/v1/customers", newCustomer, "Idempotency-Key: "+key)
	}
	create(first, "k1").is(201)
	create(second, "k2").is(201)
	for _, token := range []string{first, second} {
		fullFor(t, create(token, "k3"), "too_many_idempotency_keys", 24*time.Hour)
	}
	if again := create(first, "k1").is(201); again.header.Get("Idempotent-Replayed") != "true" || f.calls != 2 {
		t.Errorf("%d calls, %v", f.calls, again.header)
	}
	c.as(first).post("/v1/customers", newCustomer).is(201)
	create(other, "k1").is(201)
}

// Plans that have not expired are limited, and a refused one is not kept under its key.
func TestAnAccountsPlansAreLimited(t *testing.T) {
	t.Parallel()
	s := newStack(t, apitest.With(func(d *app.Dependencies, _ *api.Options) { d.Plans = transfers.PlanLimits{Most: 1} }))
	from, reseller := s.reseller("Northwind")
	to := s.customerOf(reseller, "Alder")
	plan := func(headers ...string) answer {
		return reseller.post("/v1/transfer-plans", fmt.Sprintf(`{"from":%q,"to":%q,"devices":[%q]}`, from, to, mp70(1)), headers...)
	}
	made := plan().is(201)
	reseller.get(made.header.Get("Location") + "?minPosition=" + made.header.Get("X-Position")).is(200)
	reseller.get("/v1/transfer-plans?minPosition=" + made.header.Get("X-Position")).is(200)
	fullFor(t, plan("Idempotency-Key: k1"), "too_many_plans", 24*time.Hour)
	s.clock.Advance(24 * time.Hour)
	plan("Idempotency-Key: k1").is(201)
}
