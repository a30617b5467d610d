package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/accounts"
)

func (h handlers) ReopenAccount(ctx context.Context, r openapi.ReopenAccountRequestObject) (openapi.ReopenAccountResponseObject, error) {
	var in reading
	body := valueOf(r.Body)
	c := accounts.Reopen{
		Command: commandOf(ctx, body.Reason), Account: r.Uid, Name: valueOf(body.Name), IfRevision: in.ifMatch(r.Params.IfMatch),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	written, err := h.App.Accounts.Reopen(ctx, callOf(ctx).caller, c)
	return openapi.ReopenAccount200JSONResponse{WrittenJSONResponse: writtenResponse(written)}, err
}

func (h handlers) CorrectAdministratorEmail(ctx context.Context, r openapi.CorrectAdministratorEmailRequestObject) (openapi.CorrectAdministratorEmailResponseObject, error) {
	var in reading
	c := accounts.CorrectEmail{
		Command: commandOf(ctx, r.Body.Reason), Account: r.Uid, Email: r.Body.Email, IfRevision: in.ifMatch(r.Params.IfMatch),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	written, err := h.App.Accounts.CorrectEmail(ctx, callOf(ctx).caller, c)
	return openapi.CorrectAdministratorEmail200JSONResponse{WrittenJSONResponse: writtenResponse(written)}, err
}

func (h handlers) WithdrawPendingAccount(ctx context.Context, r openapi.WithdrawPendingAccountRequestObject) (openapi.WithdrawPendingAccountResponseObject, error) {
	var in reading
	body := valueOf(r.Body)
	c := accounts.Close{
		Command: commandOf(ctx, body.Reason), Account: r.Uid, IfRevision: in.ifMatch(r.Params.IfMatch), Confirm: valueOf(body.Confirm),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	written, err := h.App.Accounts.WithdrawPending(ctx, callOf(ctx).caller, c)
	return openapi.WithdrawPendingAccount200JSONResponse{WrittenJSONResponse: writtenResponse(written)}, err
}
