package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/renewals"
)

func (h handlers) GrantAllocation(ctx context.Context, r openapi.GrantAllocationRequestObject) (openapi.GrantAllocationResponseObject, error) {
	var in reading
	c := renewals.Grant{
		Command: commandOf(ctx, r.Body.Reason), Device: r.Body.Device,
		Term: in.term("/term", r.Body.Term), Until: in.date("/until", r.Body.Until),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	receipt, err := h.App.Renewals.Grant(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.GrantAllocation201JSONResponse{
		Body:    writtenBody(receipt),
		Headers: openapi.GrantAllocation201ResponseHeaders{ETag: etag(receipt.Revision), XPosition: receipt.Position.String()},
	}, nil
}
