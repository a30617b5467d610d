package api_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app"
)

// stillSandbox is a sandbox whose clock stands still between its moves.
type stillSandbox struct{ *apitest.Clock }

func (s stillSandbox) Alone(ctx context.Context, do func(context.Context) error) error {
	return do(ctx)
}

func (s stillSandbox) MoveTo(_ context.Context, to time.Time) error {
	s.Advance(max(to.Sub(s.Now()), 0))
	return nil
}

// inSandbox makes the service a sandbox.
func inSandbox(d *app.Dependencies, _ *api.Options) {
	if c, ok := d.Clock.(*apitest.Clock); ok {
		d.Sandbox = stillSandbox{c}
	}
}

// liveUntil moves the sandbox clock.
func (s *stack) liveUntil(at time.Time) {
	s.t.Helper()
	s.post("/v1/sandbox/clock", `{"now":"`+at.Format(time.RFC3339Nano)+`"}`).is(http.StatusOK)
}

// A day to come: windows count from it, a reseller's own device has renewed by
// then, invitations have run out, the partner who leaves is gone. Nothing of it has
// happened.
func TestReadsOfADayToCome(t *testing.T) {
	t.Parallel()
	s := newStack(t, apitest.With(inSandbox))
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	alder, beacon := s.customerOf(reseller, "Alder"), s.customerOf(reseller, "Beacon")
	expect(t, "registered", reseller.registers(newDevice(1), newDevice(2, alder), newDevice(3, beacon)), []string{"created", "created", "created"})
	leaving := s.signIn(beacon, "")
	when(leaving.AssignPartnerProfile(ctx, beacon, resellerUID, nil, until("2026-12-01T00:00:00Z"))).Then(t)
	reseller.After(leaving.Position())
	day := func(asOf string) (*string, *string) { return &asOf, &asOf }

	now, ahead := day("2027-03-10")
	before := when(reseller.ListCustomers(ctx, &client.ListCustomersParams{AsOf: now})).Then(t)
	expect(t, "told to be a forecast", before.Header.Get("X-Forecast"), "true")
	expect(t, "customers", before.JSON200.Total, 1)
	row := before.JSON200.Items[0]
	expect(t, "Alder in 2027", []any{row.Name, string(row.Status), row.TotalSystems, row.Windows[0].Count, *row.InitialRenewal, row.Expired},
		[]any{"Alder", "expired", 1, 1, "2027-03-15", 0})
	expect(t, "devices", when(reseller.ListDevices(ctx, &client.ListDevicesParams{AsOf: ahead})).Then(t).JSON200.Total, 2)
	when(reseller.GetDevice(ctx, mp70(3), &client.GetDeviceParams{AsOf: ahead})).Refused(t, 404, "not_found")
	when(reseller.GetAccount(ctx, beacon, &client.GetAccountParams{AsOf: ahead})).Refused(t, 404, "not_found")
	expect(t, "by itself", when(leaving.GetAccount(ctx, beacon, &client.GetAccountParams{AsOf: ahead})).Then(t).JSON200.Status, client.AccountStatusExpired)
	expect(t, "users", when(leaving.ListUsers(ctx, beacon, &client.ListUsersParams{AsOf: ahead})).Then(t).Header.Get("X-Forecast"), "true")

	_, later := day("2031-03-15") // the last day of the free term
	free := when(reseller.GetDevice(ctx, mp70(1), &client.GetDeviceParams{AsOf: later})).Then(t)
	expect(t, "the reseller's own", []string{*free.JSON200.ServiceEnd, *free.JSON200.ServiceStatus, free.Header.Get("X-Forecast")},
		[]string{"2036-03-15", "active", "true"})
	expired := when(reseller.ListDevices(ctx, &client.ListDevicesParams{AsOf: later, Expired: new(true)})).Then(t).JSON200
	expect(t, "expired", []any{expired.Total, expired.Items[0].SerialNumber, *expired.Items[0].ServiceStatus}, []any{1, mp70(2), "expired"})

	csv := reseller.get("/v1/customers?asOf=2027-03-10", "Accept: text/csv").is(http.StatusOK)
	expect(t, "CSV", csv.header.Get("X-Forecast"), "true")
	reseller.get("/v1/customers?asOf=2036-03-15").is(http.StatusOK)
	reseller.get("/v1/customers?asOf=2036-03-16").refusedWith(http.StatusBadRequest, "#/query/asOf forecast_too_far")
	for _, asOf := range []string{"2026-03-15", "2026-03-15T12:00:00Z", "2026-03-14"} {
		expect(t, asOf, reseller.get("/v1/customers?asOf="+asOf).is(http.StatusOK).header.Get("X-Forecast"), "")
	}
	expect(t, "now", when(reseller.ListCustomers(ctx, nil)).Then(t).JSON200.Total, 2)
	expect(t, "of now", *when(reseller.GetDevice(ctx, mp70(1), nil)).Then(t).JSON200.ServiceEnd, "2031-03-15")
	_, stranger := s.reseller("Southwind")
	expect(t, "a stranger's", when(stranger.ListDevices(ctx, &client.ListDevicesParams{AsOf: later})).Then(t).JSON200.Total, 0)
	when(stranger.GetDevice(ctx, mp70(1), &client.GetDeviceParams{AsOf: later})).Refused(t, 404, "not_found")
}
