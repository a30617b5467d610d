package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
)

func (h handlers) SignIn(ctx context.Context, r openapi.SignInRequestObject) (openapi.SignInResponseObject, error) {
	in, err := h.App.People.SignIn(ctx, people.SignIn{Email: r.Body.Email, Password: r.Body.Password, Address: callOf(ctx).address, From: callOf(ctx).from})
	if err != nil {
		return nil, err
	}
	return openapi.SignIn201JSONResponse{
		Body:    openapi.SignedIn{Token: in.Token, ExpiresAt: in.ExpiresAt},
		Headers: openapi.SignIn201ResponseHeaders{XPosition: in.Position.String()},
	}, nil
}

func (h handlers) SignInAsOperator(ctx context.Context, _ openapi.SignInAsOperatorRequestObject) (openapi.SignInAsOperatorResponseObject, error) {
	in, err := h.App.People.SignInAsOperator(ctx, callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return openapi.SignInAsOperator201JSONResponse{Token: in.Token, ExpiresAt: in.ExpiresAt}, nil
}

var sessionOrders = orders[ports.Session]{
	"createdAt": byTime(func(s ports.Session) time.Time { return s.CreatedAt }),
	"expiresAt": byTime(func(s ports.Session) time.Time { return s.ExpiresAt }),
}

func (h handlers) ListSessions(ctx context.Context, r openapi.ListSessionsRequestObject) (openapi.ListSessionsResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, sessionOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	caller := callOf(ctx).caller
	all, err := h.App.People.Sessions(ctx, caller)
	if err != nil {
		return nil, err
	}
	found, err := paged(all, page, sessionOrders)
	if err != nil {
		return nil, err
	}
	return openapi.ListSessions200JSONResponse{Total: found.Total, NextCursor: present(found.NextCursor), Items: list(found.Items, func(s ports.Session) openapi.Session {
		return openapi.Session{Id: s.ID, CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt, Current: s.ID == caller.Session}
	})}, nil
}

func (h handlers) EndSession(ctx context.Context, r openapi.EndSessionRequestObject) (openapi.EndSessionResponseObject, error) {
	id := uuid.Nil // the current one
	if r.Session != "current" {
		id = uuid.MustParse(r.Session) // the description's pattern has checked it
	}
	return openapi.EndSession204Response{}, h.App.People.EndSession(ctx, callOf(ctx).caller, id)
}

func (h handlers) EndSessions(ctx context.Context, _ openapi.EndSessionsRequestObject) (openapi.EndSessionsResponseObject, error) {
	return openapi.EndSessions204Response{}, h.App.People.EndSessions(ctx, callOf(ctx).caller)
}
