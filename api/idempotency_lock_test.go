package api_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/app/command"
)

// A repeat of a request that is still at work is told how long its lock lasts.
func TestRetryAfterOfAKeyInUse(t *testing.T) {
	t.Parallel()
	for _, lock := range []time.Duration{5 * time.Second, time.Minute} {
		inside, leave := make(chan struct{}), make(chan struct{})
		f := &fake{created: command.Receipt{UID: customer, Position: at9}, duringCall: func() { close(inside); <-leave }}
		c := withKeys(t, f, lock)
		done := make(chan answer)
		go func() { done <- c.post("/v1/customers", newCustomer, "Idempotency-Key: k") }()
		<-inside
		got := c.post("/v1/customers", newCustomer, "Idempotency-Key: k").refusedWith(409, "idempotency_key_in_use")
		after, err := strconv.Atoi(got.header.Get("Retry-After"))
		if most := int(lock.Seconds()); err != nil || after > most || after < most/2 {
			t.Errorf("Retry-After %q with a lock of %s", got.header.Get("Retry-After"), lock)
		}
		close(leave)
		(<-done).is(201)
	}
}

// ownKeys are keys without a database, which does not answer a number of times when
// an answer is to be kept.
type ownKeys struct {
	api.IdempotencyKeys
	fails int
	kept  *postgres.Answer
}

func (k *ownKeys) Begin(context.Context, postgres.KeyedRequest) (postgres.Claim, *postgres.Answer, error) {
	return postgres.Claim{}, k.kept, nil
}

func (*ownKeys) Hold(context.Context, postgres.Claim) func() { return func() {} }

func (k *ownKeys) Finish(_ context.Context, _ postgres.Claim, a postgres.Answer) error {
	if k.fails--; k.fails >= 0 {
		return postgres.Failure("finish", errors.New("gone"))
	}
	k.kept = &a
	return nil
}

// What was answered was kept before: else a repeat might be answered otherwise.
func TestAnAnswerIsKeptOrNotGiven(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{created: command.Receipt{UID: customer, Position: at9}}
		o, keys := options(f), &ownKeys{fails: 3}
		o.Idempotency = keys
		c := newClient(t, o)
		first := c.post("/v1/customers", newCustomer, "Idempotency-Key: k").is(201)
		if keys.kept == nil || string(keys.kept.Body) != string(first.body) {
			t.Errorf("kept %+v, answered %s", keys.kept, first.body)
		}
		keys.kept, keys.fails = nil, 1_000_000
		got := c.post("/v1/customers", newCustomer, "Idempotency-Key: k")
		if got.status < 500 || got.header.Get("Location") != "" || got.header.Get("X-Position") != "" || got.header.Get("X-Request-Id") == "" {
			t.Errorf("an answer that was not kept: %d %v %s", got.status, got.header, got.body)
		}
	})
}
