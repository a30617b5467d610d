package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/ports"
)

func (h handlers) SignIn(ctx context.Context, r openapi.SignInRequestObject) (openapi.SignInResponseObject, error) {
	in, err := h.App.SignIn(ctx, app.SignIn{Email: r.Body.Email, Password: r.Body.Password, Address: callOf(ctx).address})
	if err != nil {
		return nil, err
	}
	return openapi.SignIn201JSONResponse{Token: in.Token, ExpiresAt: in.ExpiresAt}, nil
}

func (h handlers) ListSessions(ctx context.Context, _ openapi.ListSessionsRequestObject) (openapi.ListSessionsResponseObject, error) {
	caller := callOf(ctx).caller
	all, err := h.App.Sessions(ctx, caller)
	if err != nil {
		return nil, err
	}
	return openapi.ListSessions200JSONResponse{Total: len(all), Items: list(all, func(s ports.Session) openapi.Session {
		return openapi.Session{Id: s.ID, CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt, Current: s.ID == caller.Session}
	})}, nil
}

func (h handlers) EndSession(ctx context.Context, r openapi.EndSessionRequestObject) (openapi.EndSessionResponseObject, error) {
	id := uuid.Nil // the current one
	if r.Session != "current" {
		id = uuid.MustParse(r.Session) // the description's pattern has checked it
	}
	return openapi.EndSession204Response{}, h.App.EndSession(ctx, callOf(ctx).caller, id)
}

func (h handlers) EndSessions(ctx context.Context, _ openapi.EndSessionsRequestObject) (openapi.EndSessionsResponseObject, error) {
	return openapi.EndSessions204Response{}, h.App.EndSessions(ctx, callOf(ctx).caller)
}

func personalToken(t ports.PersonalToken) openapi.PersonalToken {
	return openapi.PersonalToken{
		Id: t.ID, Label: t.Label, Profile: present(t.Profile), Rights: list(t.Rights, same),
		CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt,
	}
}

func (h handlers) ListTokens(ctx context.Context, _ openapi.ListTokensRequestObject) (openapi.ListTokensResponseObject, error) {
	all, err := h.App.Tokens(ctx, callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return openapi.ListTokens200JSONResponse{Total: len(all), Items: list(all, personalToken)}, nil
}

func (h handlers) CreateToken(ctx context.Context, r openapi.CreateTokenRequestObject) (openapi.CreateTokenResponseObject, error) {
	made, err := h.App.CreateToken(ctx, callOf(ctx).caller, app.CreateToken{
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
	return openapi.RevokeToken204Response{}, h.App.RevokeToken(ctx, callOf(ctx).caller, r.Token)
}
