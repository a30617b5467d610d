package api

import (
	"context"
	"slices"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
)

var viewOrders = orders[ports.View]{
	"name":    byName(func(v ports.View) string { return v.Name }),
	"page":    byName(func(v ports.View) string { return v.Page }),
	"savedAt": byTime(func(v ports.View) time.Time { return v.SavedAt }),
}

func (h handlers) ListViews(ctx context.Context, r openapi.ListViewsRequestObject) (openapi.ListViewsResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, viewOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	all, err := h.App.People.Views(ctx, callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	if of := valueOf(r.Params.Page); of != "" {
		all = slices.DeleteFunc(all, func(v ports.View) bool { return v.Page != string(of) })
	}
	found, err := paged(all, page, viewOrders)
	if err != nil {
		return nil, err
	}
	return openapi.ListViews200JSONResponse{Total: found.Total, NextCursor: present(found.NextCursor), Items: list(found.Items, savedView)}, nil
}

func (h handlers) SaveView(ctx context.Context, r openapi.SaveViewRequestObject) (openapi.SaveViewResponseObject, error) {
	c := people.SaveView{Command: commandOf(ctx, nil), Page: string(r.Body.Page), Name: r.Body.Name, Query: r.Body.Query}
	saved, err := h.App.People.SaveView(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	if c.DryRun {
		return openapi.SaveView200JSONResponse(savedView(saved)), nil
	}
	return openapi.SaveView201JSONResponse(savedView(saved)), nil
}

func (h handlers) RemoveView(ctx context.Context, r openapi.RemoveViewRequestObject) (openapi.RemoveViewResponseObject, error) {
	removed, err := h.App.People.RemoveView(ctx, callOf(ctx).caller, r.View, commandOf(ctx, nil))
	return openapi.RemoveView200JSONResponse(savedView(removed)), err
}

func savedView(v ports.View) openapi.SavedView {
	return openapi.SavedView{Id: v.ID, Page: openapi.ViewPage(v.Page), Name: v.Name, Query: v.Query, SavedAt: v.SavedAt}
}
