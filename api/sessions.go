package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

func (h handlers) SignIn(ctx context.Context, r openapi.SignInRequestObject) (openapi.SignInResponseObject, error) {
	in, err := h.App.People.SignIn(ctx, people.SignIn{Email: r.Body.Email, Password: r.Body.Password, Address: callOf(ctx).address, From: callOf(ctx).from})
	if err != nil {
		return nil, err
	}
	if in.Next != nil {
		step, err := secondStep(in.Next)
		return openapi.SignIn202JSONResponse(step), err
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

func (h handlers) SignInAsAuditor(ctx context.Context, _ openapi.SignInAsAuditorRequestObject) (openapi.SignInAsAuditorResponseObject, error) {
	in, err := h.App.People.SignInAsAuditor(ctx, callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	return openapi.SignInAsAuditor201JSONResponse{Token: in.Token, ExpiresAt: in.ExpiresAt}, nil
}

var sessionOrders = orders[ports.Session]{
	"createdAt": byTime(func(s ports.Session) time.Time { return s.CreatedAt }),
	"usedAt":    byTime(func(s ports.Session) time.Time { return s.UsedAt }),
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
	list, err := sessionList(all, page, caller.Session)
	return openapi.ListSessions200JSONResponse(list), err
}

func sessionList(all []ports.Session, page query.Page, current uuid.UUID) (openapi.SessionList, error) {
	found, err := paged(all, page, sessionOrders)
	if err != nil {
		return openapi.SessionList{}, err
	}
	return openapi.SessionList{Total: found.Total, NextCursor: present(found.NextCursor), Items: list(found.Items, func(s ports.Session) openapi.Session {
		return openapi.Session{
			Id: s.ID, CreatedAt: s.CreatedAt, UsedAt: s.UsedAt, Address: present(s.Address), Client: present(s.Client), ExpiresAt: s.ExpiresAt, Current: s.ID == current,
		}
	})}, nil
}

func (h handlers) EndSession(ctx context.Context, r openapi.EndSessionRequestObject) (openapi.EndSessionResponseObject, error) {
	id := uuid.Nil // the current one
	if r.Session != "current" {
		id = uuid.MustParse(r.Session) // the description's pattern has checked it
	}
	return openapi.EndSession204Response{}, h.App.People.EndSession(ctx, callOf(ctx).caller, id)
}

func (h handlers) EndSessions(ctx context.Context, r openapi.EndSessionsRequestObject) (openapi.EndSessionsResponseObject, error) {
	return openapi.EndSessions204Response{}, h.App.People.EndSessions(ctx, callOf(ctx).caller, valueOf(r.Params.Others))
}
