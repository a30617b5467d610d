package api_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/api/apitest"
	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/forecasts"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// stillSandbox is a sandbox whose clock stands still between its moves.
type stillSandbox struct{ *clocktest.Clock }

func (s stillSandbox) Alone(ctx context.Context, do func(context.Context) error) error {
	return do(ctx)
}

func (s stillSandbox) MoveTo(_ context.Context, to time.Time) error {
	s.Advance(max(to.Sub(s.Now()), 0))
	return nil
}

// inSandbox makes the service a sandbox.
func inSandbox(d *app.Dependencies, _ *api.Options) {
	if c, ok := d.Clock.(*clocktest.Clock); ok {
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

// fakeForecasts answers what it was told to.
type fakeForecasts struct {
	forecast forecasts.Forecast
	got      forecasts.Query
}

func (f *fakeForecasts) Get(_ context.Context, _ access.Caller, q forecasts.Query) (forecasts.Forecast, error) {
	f.got = q
	return f.forecast, nil
}

func TestForecastOnTheWire(t *testing.T) {
	t.Parallel()
	f := &fakeForecasts{forecast: forecasts.Forecast{
		From: calendar.On(2026, 3, 15),
		Months: []forecasts.Month{
			{From: calendar.On(2026, 3, 15), To: calendar.On(2026, 3, 31), Ends: 4, Expired: 3},
			{From: calendar.On(2026, 4, 1), To: calendar.On(2026, 4, 30), Ends: 7, Automatic: 1, Expired: 10},
		},
		Totals: query.ForecastRow{
			Accounts: 3, Customers: 2, TotalSystems: 31, ActiveSystems: 30, InitialRenewal: calendar.On(2026, 3, 20), RenewalSystems: 2,
			LastRenewal: calendar.On(2031, 3, 1), Windows: [3]int{8, 3, 0}, Expired: 1, AutoRenewing: 5, Position: eventlog.Position{Commit: 9, Prepare: 9},
		},
	}}
	o := options(&fake{})
	o.App.Forecasts = f
	c := newClient(t, o)
	golden(t, "forecast.json", c.get("/v1/forecast?months=2").is(http.StatusOK).body)
	expect(t, "asked for", f.got, forecasts.Query{Months: 2})
	got := c.get("/v1/forecast?at=2027-01-31&minPosition=9-9&account=" + customer.String()).is(http.StatusOK)
	expect(t, "header", got.header.Get("X-Forecast"), "true")
	expect(t, "asked for", f.got, forecasts.Query{
		Freshness: query.Freshness{MinPosition: eventlog.Position{Commit: 9, Prepare: 9}, AsOf: calendar.On(2027, 1, 31).End(), Forecast: true},
		Account:   customer, Months: 24,
	})
}

// The desk's months, and an account's alone: also of a past day, with what was
// known then.
func TestForecastOfMonths(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ctx := t.Context()
	resellerUID, reseller := s.reseller("Northwind")
	alder, beacon := s.customerOf(reseller, "Alder"), s.customerOf(reseller, "Beacon")
	s.activate(resellerUID, beacon)
	reseller.registers(newDevice(1), newDevice(2, alder), newDevice(3, alder), newDevice(4, beacon))
	leaving := s.signIn(beacon, "")
	when(leaving.AssignPartnerProfile(ctx, beacon, resellerUID, nil, until("2027-03-01T00:00:00Z"))).Then(t)
	past := s.clock.Now()
	s.clock.Advance(40 * 24 * time.Hour)
	when(s.RenewDevices(ctx, nil, client.RenewalRequest{Devices: []string{mp70(3)}, Term: new("P1Y")})).Then(t)
	reseller.After(leaving.Position())
	reseller.After(s.Position())
	months := func(c *caller, p client.GetForecastParams) map[string][]int {
		t.Helper()
		found := map[string][]int{}
		for _, m := range when(c.GetForecast(ctx, &p)).Then(t).JSON200.Months {
			if m.Ends+m.Automatic > 0 {
				found[m.Month] = []int{m.Ends, m.Automatic}
			}
		}
		return found
	}
	expect(t, "the desk's: Beacon has left by then", months(reseller, client.GetForecastParams{Months: new(60)}),
		map[string][]int{"2027-03": {1, 0}, "2028-03": {1, 0}, "2031-03": {0, 1}})
	expect(t, "Alder's", months(reseller, client.GetForecastParams{Account: &alder}), map[string][]int{"2027-03": {1, 0}, "2028-03": {1, 0}})
	expect(t, "its own", months(reseller, client.GetForecastParams{Months: new(60), Account: &resellerUID}), map[string][]int{"2031-03": {0, 1}})
	expect(t, "Beacon's, by itself", months(leaving, client.GetForecastParams{}), map[string][]int{"2027-03": {1, 0}})
	expect(t, "the operator's", months(s.caller, client.GetForecastParams{Months: new(60)}),
		map[string][]int{"2027-03": {2, 0}, "2028-03": {1, 0}, "2031-03": {0, 1}})
	expect(t, "in 2032", months(reseller, client.GetForecastParams{At: new("2032-01-01"), Months: new(60)}), map[string][]int{"2036-03": {0, 1}})
	expect(t, "before the renewal", months(reseller, client.GetForecastParams{At: new(past.Format(time.RFC3339)), Months: new(13)}),
		map[string][]int{"2027-03": {2, 0}})

	totals := when(reseller.GetForecast(ctx, &client.GetForecastParams{At: new("2027-03-16")})).Then(t).JSON200.Totals
	expect(t, "totals", []any{totals.Accounts, totals.Customers, totals.TotalSystems, totals.Expired, totals.AutoRenewing, *totals.InitialRenewal},
		[]any{2, 1, 3, 1, 1, "2028-03-15"})
	when(reseller.GetForecast(ctx, &client.GetForecastParams{At: new("2027-03-01"), Account: &beacon})).Refused(t, 404, "not_found")
	reader := s.signIn(resellerUID, "renewals")
	expect(t, "with a profile", months(reader, client.GetForecastParams{Account: &alder}), map[string][]int{"2027-03": {1, 0}, "2028-03": {1, 0}})
}
