package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
)

func (h handlers) ErasePerson(ctx context.Context, r openapi.ErasePersonRequestObject) (openapi.ErasePersonResponseObject, error) {
	written, err := h.App.People.Erase(ctx, callOf(ctx).caller, r.Id, commandOf(ctx, valueOf(r.Body).Reason))
	if err != nil {
		return nil, err
	}
	return openapi.ErasePerson200JSONResponse{
		Body:    writtenBody(written),
		Headers: openapi.ErasePerson200ResponseHeaders{XPosition: written.Position.String()},
	}, nil
}
