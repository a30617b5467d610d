package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// handlers is the generated interface over a Server's parts.
type handlers struct{ *Server }

var accountSorts = []string{"name", "type", "status", "createdAt"}

func (h handlers) ListAccounts(ctx context.Context, r openapi.ListAccountsRequestObject) (openapi.ListAccountsResponseObject, error) {
	var in reading
	q := query.AccountQuery{
		Freshness: in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf),
		Page:      in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, accountSorts),
		Type:      account.Type(valueOf(r.Params.Type)),
		Status:    account.Status(valueOf(r.Params.Status)),
		Search:    valueOf(r.Params.Search),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	page, err := h.App.Accounts(ctx, callOf(ctx).caller, q)
	if err != nil {
		return nil, err
	}
	return openapi.ListAccounts200JSONResponse{
		Body:    openapi.AccountList{Items: list(page.Items, accountRow), NextCursor: present(page.NextCursor), Total: page.Total},
		Headers: openapi.ListAccounts200ResponseHeaders{XPosition: page.Position.String()},
	}, nil
}

func (h handlers) GetAccount(ctx context.Context, r openapi.GetAccountRequestObject) (openapi.GetAccountResponseObject, error) {
	var in reading
	fresh := in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf)
	if err := in.err(); err != nil {
		return nil, err
	}
	row, position, err := h.App.Account(ctx, callOf(ctx).caller, r.Uid, fresh)
	if err != nil {
		return nil, err
	}
	return openapi.GetAccount200JSONResponse{
		Body:    accountRow(row),
		Headers: openapi.GetAccount200ResponseHeaders{ETag: etag(row.Revision), XPosition: position.String()},
	}, nil
}

func (h handlers) CreateAccount(ctx context.Context, r openapi.CreateAccountRequestObject) (openapi.CreateAccountResponseObject, error) {
	c := newAccount(ctx, r.Body.Name, r.Body.Administrator, r.Body.Offers, r.Body.Reason)
	c.Type = account.Type(r.Body.Type)
	created, err := h.App.CreateAccount(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.CreateAccount201JSONResponse{
		Body:    openapi.CreatedAccount{Uid: created.UID, Type: r.Body.Type, Status: openapi.AccountStatusPending},
		Headers: openapi.CreateAccount201ResponseHeaders{Location: accountPath(created.UID), XPosition: created.Position.String()},
	}, nil
}

func (h handlers) CreateCustomer(ctx context.Context, r openapi.CreateCustomerRequestObject) (openapi.CreateCustomerResponseObject, error) {
	c := newAccount(ctx, r.Body.Name, r.Body.Administrator, r.Body.Offers, r.Body.Reason)
	c.Type = account.Standard
	created, err := h.App.CreateCustomer(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.CreateCustomer201JSONResponse{
		Body:    openapi.CreatedAccount{Uid: created.UID, Type: openapi.Standard, Status: openapi.AccountStatusPending},
		Headers: openapi.CreateCustomer201ResponseHeaders{Location: accountPath(created.UID), XPosition: created.Position.String()},
	}, nil
}

func accountPath(uid uuid.UUID) string { return "/v1/accounts/" + uid.String() }

func newAccount(ctx context.Context, name string, administrator openapi.Administrator, offers *[]openapi.Offer, reason *openapi.ReasonText) app.CreateAccount {
	c := app.CreateAccount{Command: commandOf(ctx, reason), Name: name}
	c.Administrator.Email = administrator.Email
	c.Administrator.Name = valueOf(administrator.Name)
	for _, o := range valueOf(offers) {
		c.Offers = append(c.Offers, catalogue.Offer(o))
	}
	return c
}

func (h handlers) CloseAccount(ctx context.Context, r openapi.CloseAccountRequestObject) (openapi.CloseAccountResponseObject, error) {
	var in reading
	expected := in.ifMatch(r.Params.IfMatch)
	if err := in.err(); err != nil {
		return nil, err
	}
	written, err := h.App.CloseAccount(ctx, callOf(ctx).caller, r.Uid, commandOf(ctx, valueOf(r.Body).Reason), expected)
	if err != nil {
		return nil, err
	}
	return openapi.CloseAccount200JSONResponse{
		Body:    openapi.Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: openapi.CloseAccount200ResponseHeaders{ETag: etag(written.Revision), XPosition: written.Position.String()},
	}, nil
}

func (h handlers) ResendInvitation(ctx context.Context, r openapi.ResendInvitationRequestObject) (openapi.ResendInvitationResponseObject, error) {
	written, err := h.App.ResendInvitation(ctx, callOf(ctx).caller, r.Uid, commandOf(ctx, valueOf(r.Body).Reason))
	if err != nil {
		return nil, err
	}
	return openapi.ResendInvitation200JSONResponse{
		Body:    openapi.Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: openapi.ResendInvitation200ResponseHeaders{ETag: etag(written.Revision), XPosition: written.Position.String()},
	}, nil
}

func (h handlers) ListPartners(ctx context.Context, r openapi.ListPartnersRequestObject) (openapi.ListPartnersResponseObject, error) {
	var in reading
	fresh := in.freshness(time.Time{}, r.Params.MinPosition, nil)
	if err := in.err(); err != nil {
		return nil, err
	}
	rows, position, err := h.App.Partnerships(ctx, callOf(ctx).caller, r.Uid, fresh)
	if err != nil {
		return nil, err
	}
	return openapi.ListPartners200JSONResponse{
		Body:    openapi.PartnerList{Items: list(rows, partner(r.Uid)), Total: len(rows)},
		Headers: openapi.ListPartners200ResponseHeaders{XPosition: position.String()},
	}, nil
}

// GetSlots counts by the read model: what a registration at the same time
// takes is decided by the log.
func (h handlers) GetSlots(ctx context.Context, r openapi.GetSlotsRequestObject) (openapi.GetSlotsResponseObject, error) {
	var in reading
	fresh := in.freshness(time.Time{}, r.Params.MinPosition, nil)
	if err := in.err(); err != nil {
		return nil, err
	}
	caller := callOf(ctx).caller
	row, position, err := h.App.Account(ctx, caller, r.Uid, fresh)
	if err != nil {
		return nil, err
	}
	used, err := h.placesUsed(ctx, caller, r.Uid, fresh)
	if err != nil {
		return nil, err
	}
	slots := openapi.Slots{Used: used}
	if row.Type == account.Reseller {
		places, free := h.Rules.Places, max(0, h.Rules.Places-used)
		slots.Places, slots.Free = &places, &free
	}
	return openapi.GetSlots200JSONResponse{Body: slots, Headers: openapi.GetSlots200ResponseHeaders{XPosition: position.String()}}, nil
}
