package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
)

func (h handlers) ListTokens(ctx context.Context, _ openapi.ListTokensRequestObject) (openapi.ListTokensResponseObject, error) {
	all, err := h.App.People.Tokens(ctx, callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return openapi.ListTokens200JSONResponse{Total: len(all), Items: list(all, personalToken)}, nil
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
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt,
	}
}

func (h handlers) ListAccountTokens(ctx context.Context, r openapi.ListAccountTokensRequestObject) (openapi.ListAccountTokensResponseObject, error) {
	all, err := h.App.People.AccountTokens(ctx, callOf(ctx).caller, r.Uid)
	if err != nil {
		return nil, err
	}
	return openapi.ListAccountTokens200JSONResponse{Total: len(all), Items: list(all, accountToken)}, nil
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
