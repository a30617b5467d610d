package api

import (
	"context"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
)

var tokenOrders = orders[ports.PersonalToken]{
	"label":     byName(func(t ports.PersonalToken) string { return t.Label }),
	"createdAt": byTime(func(t ports.PersonalToken) time.Time { return t.CreatedAt }),
	"usedAt":    byTime(func(t ports.PersonalToken) time.Time { return t.UsedAt }), // those that never were come first
	"expiresAt": byTime(func(t ports.PersonalToken) time.Time { return t.ExpiresAt }),
}

func (h handlers) ListTokens(ctx context.Context, r openapi.ListTokensRequestObject) (openapi.ListTokensResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, tokenOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	all, err := h.App.People.Tokens(ctx, callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	found, err := paged(all, page, tokenOrders)
	if err != nil {
		return nil, err
	}
	return openapi.ListTokens200JSONResponse{Total: found.Total, NextCursor: present(found.NextCursor), Items: list(found.Items, personalToken)}, nil
}

func (h handlers) CreateToken(ctx context.Context, r openapi.CreateTokenRequestObject) (openapi.CreateTokenResponseObject, error) {
	made, err := h.App.People.CreateToken(ctx, callOf(ctx).caller, people.CreateToken{
		Command: commandOf(ctx, nil), Label: r.Body.Label, Profile: valueOf(r.Body.Profile),
		Rights: valueOf(r.Body.Rights), ExpiresAt: r.Body.ExpiresAt,
	})
	if err != nil {
		return nil, err
	}
	shown := personalToken(made.PersonalToken)
	return openapi.CreateToken201JSONResponse{
		Id: shown.Id, Label: shown.Label, Profile: shown.Profile, Rights: shown.Rights,
		CreatedAt: shown.CreatedAt, ExpiresAt: shown.ExpiresAt, Token: made.Token,
	}, nil
}

func (h handlers) RevokeToken(ctx context.Context, r openapi.RevokeTokenRequestObject) (openapi.RevokeTokenResponseObject, error) {
	return openapi.RevokeToken204Response{}, h.App.People.RevokeToken(ctx, callOf(ctx).caller, r.Token)
}

func personalToken(t ports.PersonalToken) openapi.PersonalToken {
	return openapi.PersonalToken{
		Id: t.ID, Label: t.Label, Profile: present(t.Profile), Rights: list(t.Rights, same),
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt, UsedAt: instant(t.UsedAt), Address: present(t.Address), Client: present(t.Client),
	}
}

var accountTokenOrders = orders[ports.AccountToken]{
	"label":     byName(func(t ports.AccountToken) string { return t.Label }),
	"createdAt": byTime(func(t ports.AccountToken) time.Time { return t.CreatedAt }),
	"expiresAt": byTime(func(t ports.AccountToken) time.Time { return t.ExpiresAt }), // those that never do come first
}

func (h handlers) ListAccountTokens(ctx context.Context, r openapi.ListAccountTokensRequestObject) (openapi.ListAccountTokensResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, accountTokenOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	all, err := h.App.People.AccountTokens(ctx, callOf(ctx).caller, r.Uid)
	if err != nil {
		return nil, err
	}
	found, err := paged(all, page, accountTokenOrders)
	if err != nil {
		return nil, err
	}
	return openapi.ListAccountTokens200JSONResponse{Total: found.Total, NextCursor: present(found.NextCursor), Items: list(found.Items, accountToken)}, nil
}

func (h handlers) RevokeAccountToken(ctx context.Context, r openapi.RevokeAccountTokenRequestObject) (openapi.RevokeAccountTokenResponseObject, error) {
	return openapi.RevokeAccountToken204Response{}, h.App.People.RevokeAccountToken(ctx, callOf(ctx).caller, r.Uid, r.Token)
}

func accountToken(t ports.AccountToken) openapi.AccountToken {
	return openapi.AccountToken{
		Id: t.ID, Label: t.Label, Administrator: t.Administrator, Profile: present(t.Profile),
		CreatedAt: t.CreatedAt, ExpiresAt: instant(t.ExpiresAt),
	}
}
