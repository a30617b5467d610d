package api

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
)

func (h handlers) ListPartnershipRequests(ctx context.Context, r openapi.ListPartnershipRequestsRequestObject) (openapi.ListPartnershipRequestsResponseObject, error) {
	var in reading
	q := query.PartnershipRequestQuery{
		Freshness: in.freshness(time.Time{}, r.Params.MinPosition, nil), State: string(valueOf(r.Params.State)),
	}
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, []string{"requestedAt", "state"})
	if err := in.err(); err != nil {
		return nil, err
	}
	found, err := h.App.Partnerships.Requests(ctx, callOf(ctx).caller, q)
	if err != nil {
		return nil, err
	}
	all, err := paged(found.Items, page, orders[query.PartnershipRequestRow]{
		"requestedAt": func(a, b query.PartnershipRequestRow) int { return a.RequestedAt.Compare(b.RequestedAt) },
		"state":       func(a, b query.PartnershipRequestRow) int { return strings.Compare(a.State, b.State) },
	})
	if err != nil {
		return nil, err
	}
	return openapi.ListPartnershipRequests200JSONResponse{
		Body: openapi.PartnershipRequestList{
			Items: list(all.Items, partnershipRequest), NextCursor: present(all.NextCursor), Total: all.Total,
		},
		Headers: openapi.ListPartnershipRequests200ResponseHeaders{XPosition: found.Position.String()},
	}, nil
}

func (h handlers) GetPartnershipRequest(ctx context.Context, r openapi.GetPartnershipRequestRequestObject) (openapi.GetPartnershipRequestResponseObject, error) {
	var in reading
	fresh := in.freshness(time.Time{}, r.Params.MinPosition, nil)
	if err := in.err(); err != nil {
		return nil, err
	}
	row, position, err := h.App.Partnerships.GetRequest(ctx, callOf(ctx).caller, r.Id, fresh)
	if err != nil {
		return nil, err
	}
	return openapi.GetPartnershipRequest200JSONResponse{
		Body: partnershipRequest(row), Headers: openapi.GetPartnershipRequest200ResponseHeaders{XPosition: position.String()},
	}, nil
}

func (h handlers) RequestPartnership(ctx context.Context, r openapi.RequestPartnershipRequestObject) (openapi.RequestPartnershipResponseObject, error) {
	receipt, err := h.App.Partnerships.Request(ctx, callOf(ctx).caller, partnerships.Request{
		Command: commandOf(ctx, nil), Customer: r.Body.Account, Profile: valueOf(r.Body.Profile), Until: valueOf(r.Body.Until), Note: valueOf(r.Body.Note),
	})
	if err != nil {
		return nil, err
	}
	return openapi.RequestPartnership201JSONResponse{
		Body: writtenBody(receipt),
		Headers: openapi.RequestPartnership201ResponseHeaders{
			Location: "/v1/partnership-requests/" + receipt.UID.String(), XPosition: receipt.Position.String(),
		},
	}, nil
}

func (h handlers) AcceptPartnershipRequest(ctx context.Context, r openapi.AcceptPartnershipRequestRequestObject) (openapi.AcceptPartnershipRequestResponseObject, error) {
	var in reading
	body := valueOf(r.Body)
	c := partnerships.AcceptRequest{
		Command: commandOf(ctx, body.Reason), ID: r.Id, Profile: valueOf(body.Profile), Until: in.optional("/until", body.Until),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	receipt, err := h.App.Partnerships.AcceptRequest(ctx, callOf(ctx).caller, c)
	return openapi.AcceptPartnershipRequest200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, err
}

func (h handlers) DeclinePartnershipRequest(ctx context.Context, r openapi.DeclinePartnershipRequestRequestObject) (openapi.DeclinePartnershipRequestResponseObject, error) {
	answer, err := h.endRequest(ctx, r.Id, r.Body, h.App.Partnerships.DeclineRequest)
	return openapi.DeclinePartnershipRequest200JSONResponse{WrittenJSONResponse: answer}, err
}

func (h handlers) WithdrawPartnershipRequest(ctx context.Context, r openapi.WithdrawPartnershipRequestRequestObject) (openapi.WithdrawPartnershipRequestResponseObject, error) {
	answer, err := h.endRequest(ctx, r.Id, r.Body, h.App.Partnerships.WithdrawRequest)
	return openapi.WithdrawPartnershipRequest200JSONResponse{WrittenJSONResponse: answer}, err
}

func (h handlers) endRequest(ctx context.Context, id uuid.UUID, body *openapi.Reason,
	end func(context.Context, access.Caller, uuid.UUID, command.Command) (command.Receipt, error),
) (openapi.WrittenJSONResponse, error) {
	receipt, err := end(ctx, callOf(ctx).caller, id, commandOf(ctx, valueOf(body).Reason))
	return writtenResponse(receipt), err
}

func partnershipRequest(r query.PartnershipRequestRow) openapi.PartnershipRequest {
	return openapi.PartnershipRequest{
		Id: r.UID, State: openapi.PartnershipRequestState(r.State),
		Reseller: openapi.AccountRef{Uid: r.Reseller, Name: r.ResellerName, Type: openapi.AccountType(account.Reseller)},
		Account:  openapi.AskedAccount{Uid: r.Customer, Name: present(r.CustomerName)},
		Profile:  present(r.Profile), Until: instant(r.Until), Note: r.Note,
		RequestedAt: r.RequestedAt, AnsweredAt: instant(r.AnsweredAt), Reason: r.Reason,
	}
}
