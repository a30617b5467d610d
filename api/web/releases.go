package web

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// releases are the requests to release devices: those that the reader holds, those
// that it has asked, and a form to ask another.
func (d *Desk) releases(ctx context.Context, v *visit) error {
	return d.showReleases(ctx, v, view.Releases{Serial: v.query.Get("serialNumber")})
}

func (d *Desk) showReleases(ctx context.Context, v *visit, page view.Releases) error {
	if v.me.Kind == "auditor" {
		return errNoPage
	}
	page.Frame = v.frame(errorTitle("Releases", page.Problem), "Devices")
	page.From = v.from()
	page.Role = openapi.Holder
	if v.query.Get("role") == "asker" {
		page.Role = openapi.Asker
	}
	found, err := v.fleet.ListReleaseRequests(ctx, &client.ListReleaseRequestsParams{
		Role: &page.Role, State: either[openapi.ReleaseState](v.query, "state"), Cursor: given(v.query.Get("cursor")), Limit: pointer(rows),
	})
	if err != nil {
		return err
	}
	page.List = *found.JSON200
	var askers []uuid.UUID
	for _, one := range page.List.Items {
		askers = append(askers, one.Requester)
	}
	page.Names = v.accountNames(ctx, askers...)
	return v.show(statusOf(page.Problem), view.ReleasesPage(page))
}

// changeReleases asks for a release, or answers a request.
func (d *Desk) changeReleases(ctx context.Context, v *visit) error {
	form := v.r.PostForm
	reason := given(form.Get("reason"))
	id, err := uuid.Parse(form.Get("request"))
	if err != nil && form.Get("do") != "ask" {
		return errNoPage
	}
	at := "/releases?done=saved"
	switch form.Get("do") {
	case "ask":
		at = "/releases?role=asker&done=released"
		var item openapi.Registration
		setFactor(&item, form.Get("factor"))
		_, err = v.fleet.RequestRelease(ctx, nil, client.RequestReleaseJSONRequestBody{
			SerialNumber: form.Get("serialNumber"), Imei: item.Imei, Mac: item.Mac, Esn: item.Esn, Reason: reason,
		}, v.once())
	case "grant":
		_, err = v.fleet.GrantReleaseRequest(ctx, id, nil, client.GrantReleaseRequestJSONRequestBody{Reason: reason}, v.once())
	case "deny":
		_, err = v.fleet.DenyReleaseRequest(ctx, id, nil, client.DenyReleaseRequestJSONRequestBody{Reason: reason}, v.once())
	default:
		return errNoPage
	}
	p := refusal(err)
	if p == nil && form.Get("do") == "ask" { // a device that is not there is told beside what was typed
		p = problemOf(err)
	}
	if p != nil && !p.Passing() {
		return d.showReleases(ctx, v, view.Releases{Problem: p, Serial: form.Get("serialNumber"), Factor: form.Get("factor"), Reason: form.Get("reason")})
	}
	if err != nil {
		return err
	}
	return v.to(at)
}
