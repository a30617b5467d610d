package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/domain/rights"
)

func (h handlers) ListProjections(ctx context.Context, _ openapi.ListProjectionsRequestObject) (openapi.ListProjectionsResponseObject, error) {
	if !callOf(ctx).caller.Operator() {
		return nil, &access.Forbidden{Right: rights.OperationsRead}
	}
	all, err := h.Service.Projections(ctx)
	if err != nil {
		return nil, err
	}
	return openapi.ListProjections200JSONResponse{Items: list(all, projection), Total: len(all)}, nil
}

func projection(p ProjectionStatus) openapi.Projection {
	return openapi.Projection{
		Name: p.Name, Version: p.Version, State: p.State, Position: p.Position.String(),
		LagEvents: p.LagEvents, LagSeconds: p.Lag.Seconds(), UpdatedAt: instant(p.UpdatedAt), Error: present(p.Error),
	}
}
