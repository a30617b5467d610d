package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// eventually repeats a request until it is answered with the status.
func eventually(t *testing.T, status int, send func() answer) answer {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		got := send()
		if got.status == status {
			return got
		}
		if got.status != http.StatusServiceUnavailable {
			t.Fatalf("status %d: %s", got.status, got.body)
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("not in time")
		}
	}
}

func unavailable(t *testing.T, got answer, code string) {
	t.Helper()
	if got.refusedWith(http.StatusServiceUnavailable, code).header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// While the database is away every request is told to come back, and when it
// is back the service is well again by itself.
func TestTheDatabaseGoesAway(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, pgtest.Durable())
	s := newStack(t, apitest.On(server.Pool(t)))
	_, reseller := s.reseller("Northwind")
	body := `{"name":"Alder","administrator":{"email":"a@alder.example"}}`

	server.Kill(t)
	unavailable(t, reseller.get("/v1/customers"), "database_unavailable")
	unavailable(t, s.get("/v1/accounts"), "database_unavailable")
	unavailable(t, reseller.post("/v1/customers", body, "Idempotency-Key: k"), "database_unavailable")

	server.Start(t)
	created := eventually(t, 201, func() answer { return reseller.post("/v1/customers", body, "Idempotency-Key: k") })
	got := eventually(t, 200, func() answer { return reseller.get("/v1/customers?minPosition=" + created.header.Get("X-Position")) })
	if rows := into[openapi.CustomerList](got); rows.Total != 1 || rows.Items[0].Name != "Alder" {
		t.Errorf("%s", got.body)
	}
}

// While the event store is away a write is told to come back with the same
// key; doing so carries it out once.
func TestTheEventStoreGoesAway(t *testing.T) {
	t.Parallel()
	s := newStack(t, apitest.CallTimeout(time.Second))
	_, reseller := s.reseller("Northwind")
	uid := s.customerOf(reseller, "Alder")
	send := func() answer {
		return reseller.post("/v1/device-registrations",
			fmt.Sprintf(`{"items":[{"serialNumber":%q,"imei":%q,"account":%q}]}`, mp70(1), imei(1), uid), "Idempotency-Key: k")
	}
	s.service.Node.Stop()
	unavailable(t, send(), "event_store_unavailable")
	s.service.Node.Start()
	registered := eventually(t, 200, send)
	if b := into[openapi.BulkResult](registered); *b.Summary.Created+b.Summary.Unchanged != 1 {
		t.Errorf("%s", registered.body)
	}
	eventually(t, 200, func() answer { return reseller.get("/v1/customers?minPosition=" + registered.header.Get("X-Position")) })
}
