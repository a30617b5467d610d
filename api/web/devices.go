package web

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// devices is the list of devices, filtered, with what can be done with those ticked.
func (d *Desk) devices(ctx context.Context, v *visit) error {
	page := view.Devices{Frame: v.frame(errorTitle("Devices", v.refusedView), "Devices"), Sort: v.sort("serviceEnd"), From: v.from()}
	answer, err := v.fleet.ListDevices(ctx, v.deviceFilter(&page.Sort))
	if err != nil {
		return err
	}
	page.List = *answer.JSON200
	if uid, err := uuid.Parse(v.query.Get("account")); err == nil {
		account, err := v.fleet.GetAccount(ctx, uid, &client.GetAccountParams{AsOf: v.asOfParam()})
		switch {
		case err == nil:
			page.Account = account.JSON200
		case problemOf(err) == nil || problemOf(err).Status != http.StatusForbidden:
			return err
		}
	}
	if page.Views, err = v.views(ctx, openapi.Devices); err != nil {
		return err
	}
	return v.show(statusOf(page.Views.Problem), view.DevicesPage(page))
}

// deviceFilter are the page's filters as the interface takes them.
func (v *visit) deviceFilter(sort *string) *client.ListDevicesParams {
	q := v.query
	p := &client.ListDevicesParams{
		Sort: sort, AsOf: v.asOfParam(), Cursor: given(q.Get("cursor")), Limit: pointer(rows),
		Search: given(q.Get("search")), State: either[openapi.LifeCycleState](q, "state"), Model: either[string](q, "model"),
		Offer: either[openapi.Offer](q, "offer"), Label: either[string](q, "label"), Window: either[string](q, "window"),
		ServiceEndFrom: given(q.Get("serviceEndFrom")), ServiceEndTo: given(q.Get("serviceEndTo")),
	}
	if uid, err := uuid.Parse(q.Get("account")); err == nil {
		p.Account = &[]uuid.UUID{uid}
	}
	p.Renewal = given(openapi.RenewalNeed(q.Get("renewal")))
	if s := q.Get("simNotAllowed"); s != "" {
		p.SimNotAllowed = pointer(s == "true")
	}
	if e := q.Get("expired"); e != "" {
		p.Expired = pointer(e == "true")
	}
	return p
}
