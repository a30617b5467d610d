package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/people"
)

// of is a user of an account, as somebody else manages it.
func of(account, user uuid.UUID) people.UserCommand {
	return people.UserCommand{Account: account, User: user}
}

func (h handlers) ListSessionsOfUser(ctx context.Context, r openapi.ListSessionsOfUserRequestObject) (openapi.ListSessionsOfUserResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, sessionOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	caller := callOf(ctx).caller
	all, err := h.App.People.SessionsOfUser(ctx, caller, of(r.Uid, r.User))
	if err != nil {
		return nil, err
	}
	list, err := sessionList(all, page, caller.Session)
	return openapi.ListSessionsOfUser200JSONResponse(list), err
}

func (h handlers) EndSessionsOfUser(ctx context.Context, r openapi.EndSessionsOfUserRequestObject) (openapi.EndSessionsOfUserResponseObject, error) {
	return openapi.EndSessionsOfUser204Response{}, h.App.People.EndSessionsOfUser(ctx, callOf(ctx).caller, of(r.Uid, r.User))
}

func (h handlers) EndSessionOfUser(ctx context.Context, r openapi.EndSessionOfUserRequestObject) (openapi.EndSessionOfUserResponseObject, error) {
	return openapi.EndSessionOfUser204Response{}, h.App.People.EndSessionOfUser(ctx, callOf(ctx).caller, of(r.Uid, r.User), r.Session)
}

func (h handlers) ListTokensOfUser(ctx context.Context, r openapi.ListTokensOfUserRequestObject) (openapi.ListTokensOfUserResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, tokenOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	all, err := h.App.People.TokensOfUser(ctx, callOf(ctx).caller, of(r.Uid, r.User))
	if err != nil {
		return nil, err
	}
	found, err := paged(all, page, tokenOrders)
	if err != nil {
		return nil, err
	}
	return openapi.ListTokensOfUser200JSONResponse{Total: found.Total, NextCursor: present(found.NextCursor), Items: list(found.Items, personalToken)}, nil
}

func (h handlers) RevokeTokensOfUser(ctx context.Context, r openapi.RevokeTokensOfUserRequestObject) (openapi.RevokeTokensOfUserResponseObject, error) {
	return openapi.RevokeTokensOfUser204Response{}, h.App.People.RevokeTokensOfUser(ctx, callOf(ctx).caller, of(r.Uid, r.User))
}

func (h handlers) RevokeTokenOfUser(ctx context.Context, r openapi.RevokeTokenOfUserRequestObject) (openapi.RevokeTokenOfUserResponseObject, error) {
	return openapi.RevokeTokenOfUser204Response{}, h.App.People.RevokeTokenOfUser(ctx, callOf(ctx).caller, of(r.Uid, r.User), r.Token)
}
