package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// handlers is the generated interface over a Server's parts.
type handlers struct{ *Server }

var accountSorts = []string{"name", "type", "status", "createdAt"}

func (h handlers) ListAccounts(ctx context.Context, r ListAccountsRequestObject) (ListAccountsResponseObject, error) {
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
	return ListAccounts200JSONResponse{
		Body:    AccountList{Items: list(page.Items, accountRow), NextCursor: present(page.NextCursor), Total: page.Total},
		Headers: ListAccounts200ResponseHeaders{XPosition: page.Position.String()},
	}, nil
}

func (h handlers) GetAccount(ctx context.Context, r GetAccountRequestObject) (GetAccountResponseObject, error) {
	var in reading
	fresh := in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf)
	if err := in.err(); err != nil {
		return nil, err
	}
	row, position, err := h.App.Account(ctx, callOf(ctx).caller, r.Uid, fresh)
	if err != nil {
		return nil, err
	}
	return GetAccount200JSONResponse{
		Body:    accountRow(row),
		Headers: GetAccount200ResponseHeaders{ETag: etag(row.Revision), XPosition: position.String()},
	}, nil
}

func (h handlers) CreateAccount(ctx context.Context, r CreateAccountRequestObject) (CreateAccountResponseObject, error) {
	c := newAccount(ctx, r.Body.Name, r.Body.Administrator, r.Body.Offers, r.Body.Reason)
	c.Type = account.Type(r.Body.Type)
	created, err := h.App.CreateAccount(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return CreateAccount201JSONResponse{
		Body:    CreatedAccount{Uid: created.UID, Type: r.Body.Type, Status: AccountStatusPending},
		Headers: CreateAccount201ResponseHeaders{Location: accountPath(created.UID), XPosition: created.Position.String()},
	}, nil
}

func (h handlers) CreateCustomer(ctx context.Context, r CreateCustomerRequestObject) (CreateCustomerResponseObject, error) {
	c := newAccount(ctx, r.Body.Name, r.Body.Administrator, r.Body.Offers, r.Body.Reason)
	c.Type = account.Standard
	created, err := h.App.CreateCustomer(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return CreateCustomer201JSONResponse{
		Body:    CreatedAccount{Uid: created.UID, Type: Standard, Status: AccountStatusPending},
		Headers: CreateCustomer201ResponseHeaders{Location: accountPath(created.UID), XPosition: created.Position.String()},
	}, nil
}

func accountPath(uid uuid.UUID) string { return "/v1/accounts/" + uid.String() }

func newAccount(ctx context.Context, name string, administrator Administrator, offers *[]Offer, reason *ReasonText) app.CreateAccount {
	c := app.CreateAccount{Command: commandOf(ctx, reason), Name: name}
	c.Administrator.Email = administrator.Email
	c.Administrator.Name = valueOf(administrator.Name)
	for _, o := range valueOf(offers) {
		c.Offers = append(c.Offers, catalogue.Offer(o))
	}
	return c
}

func (h handlers) CloseAccount(ctx context.Context, r CloseAccountRequestObject) (CloseAccountResponseObject, error) {
	var in reading
	expected := in.ifMatch(r.Params.IfMatch)
	if err := in.err(); err != nil {
		return nil, err
	}
	written, err := h.App.CloseAccount(ctx, callOf(ctx).caller, r.Uid, commandOf(ctx, valueOf(r.Body).Reason), expected)
	if err != nil {
		return nil, err
	}
	return CloseAccount200JSONResponse{
		Body:    Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: CloseAccount200ResponseHeaders{ETag: etag(written.Revision), XPosition: written.Position.String()},
	}, nil
}

func (h handlers) ResendInvitation(ctx context.Context, r ResendInvitationRequestObject) (ResendInvitationResponseObject, error) {
	written, err := h.App.ResendInvitation(ctx, callOf(ctx).caller, r.Uid, commandOf(ctx, valueOf(r.Body).Reason))
	if err != nil {
		return nil, err
	}
	return ResendInvitation200JSONResponse{
		Body:    Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: ResendInvitation200ResponseHeaders{ETag: etag(written.Revision), XPosition: written.Position.String()},
	}, nil
}

func (h handlers) ListPartners(ctx context.Context, r ListPartnersRequestObject) (ListPartnersResponseObject, error) {
	var in reading
	fresh := in.freshness(time.Time{}, r.Params.MinPosition, nil)
	if err := in.err(); err != nil {
		return nil, err
	}
	rows, position, err := h.App.Partnerships(ctx, callOf(ctx).caller, r.Uid, fresh)
	if err != nil {
		return nil, err
	}
	return ListPartners200JSONResponse{
		Body:    PartnerList{Items: list(rows, partner(r.Uid)), Total: len(rows)},
		Headers: ListPartners200ResponseHeaders{XPosition: position.String()},
	}, nil
}

// GetSlots counts by the read model: what a registration at the same time
// takes is decided by the log.
func (h handlers) GetSlots(ctx context.Context, r GetSlotsRequestObject) (GetSlotsResponseObject, error) {
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
	slots := Slots{Used: used}
	if row.Type == account.Reseller {
		places, free := h.Rules.Places, max(0, h.Rules.Places-used)
		slots.Places, slots.Free = &places, &free
	}
	return GetSlots200JSONResponse{Body: slots, Headers: GetSlots200ResponseHeaders{XPosition: position.String()}}, nil
}
