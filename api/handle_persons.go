package api

import "context"

func (h handlers) ErasePerson(ctx context.Context, r ErasePersonRequestObject) (ErasePersonResponseObject, error) {
	written, err := h.App.ErasePerson(ctx, callOf(ctx).caller, r.Id, commandOf(ctx, valueOf(r.Body).Reason))
	if err != nil {
		return nil, err
	}
	return ErasePerson200JSONResponse{
		Body:    Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: ErasePerson200ResponseHeaders{XPosition: written.Position.String()},
	}, nil
}
