package web

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// viewPaths are the pages whose filters can be saved.
var viewPaths = map[openapi.ViewPage]string{openapi.Customers: "/", openapi.Devices: "/devices"}

// views are the filters that the reader has saved on a page; those who cannot save
// any have none.
func (v *visit) views(ctx context.Context, page openapi.ViewPage) (view.Views, error) {
	saved := view.Views{Frame: v.frame("", ""), Page: page, Path: viewPaths[page]}
	all, err := v.fleet.ListViews(ctx, &client.ListViewsParams{Page: &page})
	if p := problemOf(err); p != nil && p.Status == http.StatusForbidden {
		return saved, nil
	}
	if err != nil {
		return saved, err
	}
	saved.All, saved.Can = all.JSON200.Items, true
	if v.refusedView != nil {
		saved.Problem, saved.Typed = v.refusedView, v.r.PostForm.Get("name")
	}
	return saved, nil
}

// showRefusedView shows the page that was to be saved, with what was wrong.
func (d *Desk) showRefusedView(ctx context.Context, v *visit, page openapi.ViewPage, p *client.Problem) error {
	query, err := url.ParseQuery(v.r.PostForm.Get("query"))
	if err != nil {
		query = url.Values{}
	}
	r := v.r.Clone(ctx)
	r.URL.Path, r.URL.RawQuery = viewPaths[page], query.Encode()
	shown := *v
	shown.r, shown.query, shown.refusedView = r, query, p
	if page == openapi.Devices {
		return d.devices(ctx, &shown)
	}
	return d.customers(ctx, &shown)
}

// changeViews saves the filter of a page, or removes one.
func (d *Desk) changeViews(ctx context.Context, v *visit) error {
	form := v.r.PostForm
	page := openapi.ViewPage(form.Get("page"))
	path, known := viewPaths[page]
	if !known {
		return errNoPage
	}
	if form.Get("do") == "remove" {
		id, err := uuid.Parse(form.Get("view"))
		if err != nil {
			return errNoPage
		}
		if _, err := v.fleet.RemoveView(ctx, id, nil, v.once()); err != nil {
			return err
		}
		return v.to(path + "?done=removed")
	}
	saved, err := v.fleet.SaveView(ctx, nil, client.SaveViewJSONRequestBody{Page: page, Name: form.Get("name"), Query: form.Get("query")}, v.once())
	if p := refusal(err); p != nil && p.Status != http.StatusForbidden { // whoever may save none has no form for it
		return d.showRefusedView(ctx, v, page, p)
	}
	if err != nil {
		return err
	}
	values, err := url.ParseQuery(saved.JSON201.Query)
	if err != nil {
		return err
	}
	values.Set("done", "saved")
	return v.to(path + "?" + values.Encode())
}
