package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/domain/account"
)

func (h handlers) GetSecurity(ctx context.Context, r openapi.GetSecurityRequestObject) (openapi.GetSecurityResponseObject, error) {
	row, position, err := h.administered(ctx, r.Uid, r.Params.MinPosition, r.Params.AsOf)
	if err != nil {
		return nil, err
	}
	s := row.Security
	return openapi.GetSecurity200JSONResponse{
		Body: openapi.Security{
			SessionMinutes: present(s.SessionMinutes), PasswordLength: max(s.PasswordLength, account.PasswordMinimum),
			SecondFactor: s.SecondFactor, IdleMinutes: present(s.IdleMinutes), IssuerOnly: s.IssuerOnly, AddressRanges: list(s.AddressRanges, same),
		},
		Headers: openapi.GetSecurity200ResponseHeaders{XPosition: position.String()},
	}, nil
}

func (h handlers) SecureAccount(ctx context.Context, r openapi.SecureAccountRequestObject) (openapi.SecureAccountResponseObject, error) {
	options := account.Secure{
		SessionMinutes: r.Body.SessionMinutes, IdleMinutes: r.Body.IdleMinutes, PasswordLength: r.Body.PasswordLength,
		SecondFactor: r.Body.SecondFactor, IssuerOnly: r.Body.IssuerOnly, AddressRanges: r.Body.AddressRanges, From: callOf(ctx).from,
	}
	if options.SessionMinutes == nil && options.IdleMinutes == nil && options.PasswordLength == nil &&
		options.SecondFactor == nil && options.IssuerOnly == nil && options.AddressRanges == nil {
		return nil, malformed("", codeFieldMissing, "Give one of the options.")
	}
	receipt, err := h.App.Accounts.Secure(ctx, callOf(ctx).caller,
		accounts.Secure{Command: commandOf(ctx, r.Body.Reason), Account: r.Uid, Options: options})
	if err != nil {
		return nil, err
	}
	return openapi.SecureAccount200JSONResponse{
		Body:    writtenBody(receipt),
		Headers: openapi.SecureAccount200ResponseHeaders{XPosition: receipt.Position.String()},
	}, nil
}
