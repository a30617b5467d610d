package api_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/projections/feed"
)

// The feed may be behind an event that it told before the database crashed: then it is
// not said to be unknown.
func TestFeedIsBehindWhatItTold(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	account, reseller := s.reseller("Northwind")
	holding, err := s.service.Pool.Begin(t.Context())
	must(t, err)
	defer func() { _ = holding.Rollback(context.WithoutCancel(t.Context())) }()
	_, err = holding.Exec(t.Context(), `LOCK TABLE `+feed.Projection(query.DefaultWindows).Schema()+`.items IN SHARE ROW EXCLUSIVE MODE`)
	must(t, err)
	expect(t, "registered", reseller.registers(newDevice(1, account)), []string{"created"})
	history := into[openapi.History](reseller.get("/v1/devices/" + mp70(1) + "/history").is(http.StatusOK))
	behind := "/v1/events?minPosition=0&lastEventId=" + history.Items[0].Id.String()
	reseller.get(behind).refusedWith(http.StatusServiceUnavailable, "not_caught_up")
	must(t, holding.Rollback(t.Context()))
	reseller.get(behind).is(http.StatusOK)
	reseller.get("/v1/events?minPosition=0&lastEventId="+uuid.NewString()).refusedWith(http.StatusGone, "last_event_unknown")
}
