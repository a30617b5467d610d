package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
)

func (h handlers) ErasePerson(ctx context.Context, r openapi.ErasePersonRequestObject) (openapi.ErasePersonResponseObject, error) {
	receipt, err := h.App.People.Erase(ctx, callOf(ctx).caller, r.Id, commandOf(ctx, valueOf(r.Body).Reason))
	if err != nil {
		return nil, err
	}
	return openapi.ErasePerson200JSONResponse{
		Body:    writtenBody(receipt),
		Headers: openapi.ErasePerson200ResponseHeaders{XPosition: receipt.Position.String()},
	}, nil
}
