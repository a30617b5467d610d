package api

import (
	"cmp"
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/domain/rights"
)

var projectionOrders = orders[openapi.Projection]{
	"name":      func(a, b openapi.Projection) int { return cmp.Compare(a.Name, b.Name) },
	"state":     func(a, b openapi.Projection) int { return cmp.Compare(a.State, b.State) },
	"lagEvents": func(a, b openapi.Projection) int { return cmp.Compare(a.LagEvents, b.LagEvents) },
}

func (h handlers) ListProjections(ctx context.Context, r openapi.ListProjectionsRequestObject) (openapi.ListProjectionsResponseObject, error) {
	if !callOf(ctx).caller.Operator() {
		return nil, &access.Forbidden{Right: rights.OperationsRead}
	}
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, projectionOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	all, err := h.Service.Projections(ctx)
	if err != nil {
		return nil, err
	}
	if len(page.Sort) == 0 {
		page.Sort = []string{"name"}
	}
	found, err := paged(either(list(all, h.projection), r.Params.State, func(p openapi.Projection) string { return p.State }), page, projectionOrders)
	if err != nil {
		return nil, err
	}
	return openapi.ListProjections200JSONResponse{Items: found.Items, NextCursor: present(found.NextCursor), Total: found.Total}, nil
}

func (h handlers) projection(p ProjectionStatus) openapi.Projection {
	return openapi.Projection{
		Name: p.Name, Version: p.Version, State: p.State, Position: h.Epoch.Position(p.Position),
		LagEvents: p.LagEvents, LagSeconds: p.Lag.Seconds(), UpdatedAt: instant(p.UpdatedAt), Error: present(p.Error),
		LastError: present(p.LastError), LastErrorAt: instant(p.FailedAt), SizeBytes: p.Size,
	}
}
