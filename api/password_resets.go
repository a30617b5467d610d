package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/people"
)

func (h handlers) RequestPasswordReset(ctx context.Context, r openapi.RequestPasswordResetRequestObject) (openapi.RequestPasswordResetResponseObject, error) {
	return openapi.RequestPasswordReset202Response{}, h.App.People.RequestPasswordReset(ctx, people.RequestReset{
		Command: commandOf(ctx, nil), Email: r.Body.Email, Address: callOf(ctx).address,
	})
}

func (h handlers) GetPasswordReset(ctx context.Context, r openapi.GetPasswordResetRequestObject) (openapi.GetPasswordResetResponseObject, error) {
	reset, err := h.App.People.PasswordReset(ctx, r.Token)
	return openapi.GetPasswordReset200JSONResponse{Expires: reset.Expires.UTC(), PasswordMinimum: reset.PasswordMinimum}, err
}

func (h handlers) ResetPassword(ctx context.Context, r openapi.ResetPasswordRequestObject) (openapi.ResetPasswordResponseObject, error) {
	receipt, err := h.App.People.ResetPassword(ctx, r.Token, people.ResetPassword{Command: commandOf(ctx, nil), Password: r.Body.Password})
	return openapi.ResetPassword200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, err
}
