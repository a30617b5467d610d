package web

import (
	"context"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// renew shows what a renewal would do to the devices chosen, before it is ordered.
func (d *Desk) renew(ctx context.Context, v *visit) error {
	return d.showRenewal(ctx, v, v.query, nil)
}

// showRenewal shows the form as it was filled in, with the preview of what it says.
func (d *Desk) showRenewal(ctx context.Context, v *visit, values url.Values, refused *client.Problem) error {
	chosen, err := v.chosen(ctx)
	if err != nil {
		return err
	}
	page := view.Renew{
		Devices: chosen, Ticked: values["device"], All: values.Get("all"), ByFilter: values.Has("all"),
		Term: values.Get("term"), Until: values.Get("until"), OrderNumber: values.Get("orderNumber"), Note: values.Get("note"), Offer: values.Get("offer"),
		Problem: refused,
	}
	if page.Term == "" {
		page.Term = "P1Y"
	}
	if len(chosen) > 0 && refused == nil {
		preview, err := v.fleet.PreviewRenewals(ctx, nil, page.Request())
		switch page.Problem = refusal(err); {
		case err == nil:
			page.Preview = preview.JSON200
			page.Names = v.accountNames(ctx, previewed(preview.JSON200)...)
		case page.Problem == nil:
			return err
		}
	}
	page.Frame = v.frame(errorTitle("Renew", page.Problem), "Orders")
	return v.show(statusOf(page.Problem), view.RenewPage(page))
}

// order orders the renewal that the form says.
func (d *Desk) order(ctx context.Context, v *visit) error {
	chosen, err := v.chosen(ctx)
	if err != nil {
		return err
	}
	form := v.r.PostForm
	request := view.Renew{
		Devices: chosen, Term: form.Get("term"), Until: form.Get("until"), OrderNumber: form.Get("orderNumber"), Note: form.Get("note"), Offer: form.Get("offer"),
	}.Request()
	done, err := v.fleet.RenewDevices(ctx, nil, request, v.once())
	if p := refusal(err); p != nil {
		return d.showRenewal(ctx, v, form, p)
	}
	if err != nil {
		return err
	}
	if done.JSON202 != nil {
		return v.to("/operations/" + done.JSON202.Id.String())
	}
	if done.JSON200.Id == nil {
		return d.showRenewal(ctx, v, form, refusedAll(done.JSON200.Results))
	}
	return v.to("/orders/" + done.JSON200.Id.String())
}

// previewed are the accounts of the devices in a preview.
func previewed(p *openapi.RenewalPreview) []uuid.UUID {
	var all []uuid.UUID
	for _, item := range p.Results {
		if item.Device != nil && !slices.Contains(all, item.Device.Account.Uid) {
			all = append(all, item.Device.Account.Uid)
		}
	}
	return all
}
