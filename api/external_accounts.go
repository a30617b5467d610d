package api

import (
	"cmp"
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
)

var externalOrders = orders[openapi.ExternalAccount]{
	"kind":  func(a, b openapi.ExternalAccount) int { return cmp.Compare(a.Kind, b.Kind) },
	"label": byName(func(x openapi.ExternalAccount) string { return x.Label }),
}

func (h handlers) ListExternalAccounts(ctx context.Context, r openapi.ListExternalAccountsRequestObject) (openapi.ListExternalAccountsResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, externalOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	row, position, err := h.administered(ctx, r.Uid, r.Params.MinPosition, r.Params.AsOf)
	if err != nil {
		return nil, err
	}
	all := either(list(row.ExternalAccounts, externalAccount), r.Params.Kind, func(x openapi.ExternalAccount) openapi.ExternalAccountKind { return x.Kind })
	found, err := paged(all, page, externalOrders)
	if err != nil {
		return nil, err
	}
	return openapi.ListExternalAccounts200JSONResponse{
		Body:    openapi.ExternalAccountList{Items: found.Items, NextCursor: present(found.NextCursor), Total: found.Total},
		Headers: openapi.ListExternalAccounts200ResponseHeaders{XPosition: position.String()},
	}, nil
}

func (h handlers) GetExternalAccount(ctx context.Context, r openapi.GetExternalAccountRequestObject) (openapi.GetExternalAccountResponseObject, error) {
	row, position, err := h.administered(ctx, r.Uid, r.Params.MinPosition, r.Params.AsOf)
	if err != nil {
		return nil, err
	}
	for _, x := range row.ExternalAccounts {
		if x.UID == r.ExternalAccount {
			return openapi.GetExternalAccount200JSONResponse{
				Body:    externalAccount(x),
				Headers: openapi.GetExternalAccount200ResponseHeaders{ETag: etag(row.Revision), XPosition: position.String()},
			}, nil
		}
	}
	return nil, query.ErrNotFound
}

func (h handlers) AddExternalAccount(ctx context.Context, r openapi.AddExternalAccountRequestObject) (openapi.AddExternalAccountResponseObject, error) {
	receipt, err := h.App.Accounts.AddExternalAccount(ctx, callOf(ctx).caller, accounts.AddExternalAccount{
		Command: commandOf(ctx, r.Body.Reason), Account: r.Uid, Kind: account.ExternalKind(r.Body.Kind),
		Label: r.Body.Label, Endpoint: r.Body.Endpoint, Secret: valueOf(r.Body.Secret),
	})
	if err != nil {
		return nil, err
	}
	return openapi.AddExternalAccount201JSONResponse{
		Body: writtenBody(receipt),
		Headers: openapi.AddExternalAccount201ResponseHeaders{
			Location: accountPath(r.Uid) + "/external-accounts/" + receipt.UID.String(), XPosition: receipt.Position.String(),
		},
	}, nil
}

func (h handlers) EditExternalAccount(ctx context.Context, r openapi.EditExternalAccountRequestObject) (openapi.EditExternalAccountResponseObject, error) {
	var in reading
	c := accounts.EditExternalAccount{
		Command: commandOf(ctx, r.Body.Reason), Account: r.Uid, ExternalAccount: r.ExternalAccount,
		Label: r.Body.Label, Endpoint: r.Body.Endpoint, Secret: r.Body.Secret, IfRevision: in.ifMatch(r.Params.IfMatch),
	}
	if c.Label == nil && c.Endpoint == nil && c.Secret == nil {
		in.wrong("", codeFieldMissing, "Give a label, an endpoint or a secret.")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	receipt, err := h.App.Accounts.EditExternalAccount(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.EditExternalAccount200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, nil
}

func (h handlers) RemoveExternalAccount(ctx context.Context, r openapi.RemoveExternalAccountRequestObject) (openapi.RemoveExternalAccountResponseObject, error) {
	var in reading
	c := accounts.RemoveExternalAccount{
		Command: commandOf(ctx, r.Params.Reason), Account: r.Uid, ExternalAccount: r.ExternalAccount, IfRevision: in.ifMatch(r.Params.IfMatch),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	receipt, err := h.App.Accounts.RemoveExternalAccount(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.RemoveExternalAccount200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, nil
}

func externalAccount(x query.ExternalAccountRow) openapi.ExternalAccount {
	return openapi.ExternalAccount{
		Uid: x.UID, Kind: openapi.ExternalAccountKind(x.Kind), Label: x.Label, Endpoint: x.Endpoint,
		SecretSet: x.SecretSet, SecretReplacedAt: x.SecretSince.UTC(),
	}
}
