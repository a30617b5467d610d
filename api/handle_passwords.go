package api

import (
	"context"

	"github.com/fleetledger/fleetledger/app"
)

func (h handlers) ChangePassword(ctx context.Context, r ChangePasswordRequestObject) (ChangePasswordResponseObject, error) {
	written, err := h.App.ChangePassword(ctx, callOf(ctx).caller, app.ChangePassword{
		Command: commandOf(ctx, nil), Current: r.Body.Current, Password: r.Body.Password,
	})
	return ChangePassword200JSONResponse{deviceWritten(written)}, err
}

func (h handlers) RequestPasswordReset(ctx context.Context, r RequestPasswordResetRequestObject) (RequestPasswordResetResponseObject, error) {
	return RequestPasswordReset202Response{}, h.App.RequestPasswordReset(ctx, app.RequestReset{
		Command: commandOf(ctx, nil), Email: r.Body.Email, Address: callOf(ctx).address,
	})
}

func (h handlers) GetPasswordReset(ctx context.Context, r GetPasswordResetRequestObject) (GetPasswordResetResponseObject, error) {
	reset, err := h.App.PasswordReset(ctx, r.Token)
	return GetPasswordReset200JSONResponse{Expires: reset.Expires.UTC(), PasswordMinimum: reset.PasswordMinimum}, err
}

func (h handlers) ResetPassword(ctx context.Context, r ResetPasswordRequestObject) (ResetPasswordResponseObject, error) {
	written, err := h.App.ResetPassword(ctx, r.Token, app.ResetPassword{Command: commandOf(ctx, nil), Password: r.Body.Password})
	return ResetPassword200JSONResponse{deviceWritten(written)}, err
}
