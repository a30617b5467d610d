package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// rows is how many rows of a list are on one page.
const rows = 50

// customers is the Customers page. Whoever has no customers begins with the devices.
func (d *Desk) customers(ctx context.Context, v *visit) error {
	frame := v.frame("Customers", "Customers")
	switch {
	case frame.Operator(), frame.Auditor():
		return v.to("/accounts")
	case !frame.Reseller() || !frame.May("customers.read"):
		return v.to("/devices")
	}
	frame.Title = errorTitle(frame.Title, v.refusedView)
	page := view.Customers{Frame: frame, Search: v.query.Get("search"), Sort: v.sort("initialRenewal"), From: v.from()}
	answer, err := v.fleet.ListCustomers(ctx, &client.ListCustomersParams{
		Search: given(page.Search), Sort: &page.Sort, AsOf: v.asOfParam(), Cursor: given(v.query.Get("cursor")), Limit: pointer(rows),
		Status: either[openapi.AccountStatus](v.query, "status"),
	})
	if err != nil {
		return err
	}
	page.List = *answer.JSON200
	if page.Views, err = v.views(ctx, openapi.Customers); err != nil {
		return err
	}
	if page.List.Total > 0 && page.List.Total <= mostAtOnce && v.query.Get("cursor") == "" {
		if page.Ahead, err = v.ahead(ctx); err != nil {
			return err
		}
	}
	return v.show(statusOf(page.Views.Problem), view.CustomersPage(page))
}

// mostAtOnce is up to how many customers the renewals to come are on the page when it
// comes; for more of them they follow.
const mostAtOnce = 500

// ahead is what comes up for renewal, counted from the day of the page.
func (v *visit) ahead(ctx context.Context) (*view.Ahead, error) {
	answer, err := v.fleet.GetForecast(ctx, &client.GetForecastParams{At: v.asOfParam(), Months: pointer(24)})
	if err != nil {
		return nil, err
	}
	return &view.Ahead{Frame: v.frame("Customers", "Customers"), Forecast: *answer.JSON200}, nil
}

// renewalsAhead is that part of the Customers page alone.
func (d *Desk) renewalsAhead(ctx context.Context, v *visit) error {
	ahead, err := v.ahead(ctx)
	if err != nil {
		return err
	}
	if v.r.Header.Get("HX-Request") != "" {
		return v.show(http.StatusOK, view.AheadPart(*ahead))
	}
	return v.show(http.StatusOK, view.AheadPage(*ahead))
}

// sort is the order that the reader asked for.
func (v *visit) sort(otherwise string) string {
	if s := v.query.Get("sort"); s != "" {
		return s
	}
	return otherwise
}

// from is the number of the first row that a page shows.
func (v *visit) from() int {
	n, err := strconv.Atoi(v.query.Get("from"))
	if err != nil || n < 1 {
		return 1
	}
	return n
}
