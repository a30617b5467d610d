package api

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

var accountSorts = []string{"name", "type", "status", "createdAt"}

func (h handlers) ListAccounts(ctx context.Context, r openapi.ListAccountsRequestObject) (openapi.ListAccountsResponseObject, error) {
	var in reading
	q := query.AccountQuery{
		Freshness: in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf),
		Page:      in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, accountSorts),
		Types:     eachOf[account.Type](r.Params.Type),
		Statuses:  eachOf[account.Status](r.Params.Status),
		Search:    valueOf(r.Params.Search),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	fetch := func() (query.List[query.AccountRow], error) { return h.App.Accounts.List(ctx, callOf(ctx).caller, q) }
	if wantsCSV(ctx) {
		return csvList(h, "accounts", accountColumns, r.Params.Limit, q.Freshness, &q.Page, fetch, accountCells)
	}
	page, err := fetch()
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
	row, position, err := h.App.Accounts.Get(ctx, callOf(ctx).caller, r.Uid, fresh)
	if err != nil {
		return nil, err
	}
	return openapi.GetAccount200JSONResponse{
		Body:    accountRow(row),
		Headers: openapi.GetAccount200ResponseHeaders{ETag: etag(row.Revision), XPosition: position.String()},
	}, nil
}

// administered reads the account of a route below it.
func (h handlers) administered(ctx context.Context, uid uuid.UUID, min *openapi.MinPosition, asOf *openapi.AsOf) (query.AccountRow, eventlog.Position, error) {
	var in reading
	fresh := in.freshness(h.Clock.Now(), min, asOf)
	if err := in.err(); err != nil {
		return query.AccountRow{}, eventlog.Position{}, err
	}
	return h.App.Accounts.Get(ctx, callOf(ctx).caller, uid, fresh)
}

func (h handlers) CreateAccount(ctx context.Context, r openapi.CreateAccountRequestObject) (openapi.CreateAccountResponseObject, error) {
	c := newAccount(ctx, r.Body.Name, r.Body.Administrator, r.Body.Offers, r.Body.Reason)
	c.Type = account.Type(r.Body.Type)
	created, err := h.App.Accounts.Create(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.CreateAccount201JSONResponse{
		Body:    openapi.CreatedAccount{Uid: created.UID, Type: r.Body.Type, Status: openapi.AccountStatusPending},
		Headers: openapi.CreateAccount201ResponseHeaders{Location: accountPath(created.UID), XPosition: created.Position.String()},
	}, nil
}

func newAccount(ctx context.Context, name string, administrator openapi.Administrator, offers *[]openapi.Offer, reason *openapi.ReasonText) accounts.Create {
	c := accounts.Create{Command: commandOf(ctx, reason), Name: name}
	c.Administrator.Email = administrator.Email
	c.Administrator.Name = valueOf(administrator.Name)
	for _, o := range valueOf(offers) {
		c.Offers = append(c.Offers, catalogue.Offer(o))
	}
	return c
}

func (h handlers) EditAccount(ctx context.Context, r openapi.EditAccountRequestObject) (openapi.EditAccountResponseObject, error) {
	var in reading
	c := accounts.Edit{
		Command: commandOf(ctx, r.Body.Reason), Account: r.Uid, Name: r.Body.Name, IfRevision: in.ifMatch(r.Params.IfMatch),
	}
	if b := r.Body.Billing; b != nil {
		c.Billing = &accounts.EditBilling{Mode: account.BillingMode(b.Mode)}
		if b.Contact != nil {
			c.Billing.Contact = &account.Contact{Email: b.Contact.Email, Name: valueOf(b.Contact.Name)}
		}
	}
	if r.Body.Offers != nil {
		offers := list(*r.Body.Offers, func(o openapi.Offer) catalogue.Offer { return catalogue.Offer(o) })
		c.Offers = &offers
	}
	if c.Name == nil && c.Billing == nil && c.Offers == nil {
		in.wrong("", codeFieldMissing, "Give a name, billing or offers.")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	receipt, err := h.App.Accounts.Edit(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.EditAccount200JSONResponse{
		Body:    writtenBody(receipt),
		Headers: openapi.EditAccount200ResponseHeaders{ETag: etag(receipt.Revision), XPosition: receipt.Position.String()},
	}, nil
}

func (h handlers) CloseAccount(ctx context.Context, r openapi.CloseAccountRequestObject) (openapi.CloseAccountResponseObject, error) {
	var in reading
	expected := in.ifMatch(r.Params.IfMatch)
	if err := in.err(); err != nil {
		return nil, err
	}
	body := valueOf(r.Body)
	holds, err := h.App.Accounts.Holdings(ctx, callOf(ctx).caller, r.Uid)
	if err != nil {
		return nil, err
	}
	receipt, err := h.App.Accounts.Close(ctx, callOf(ctx).caller, accounts.Close{
		Command: commandOf(ctx, body.Reason), Account: r.Uid, IfRevision: expected, Confirm: valueOf(body.Confirm),
	})
	if err != nil {
		return nil, err
	}
	return openapi.CloseAccount200JSONResponse{
		Body: openapi.Closed{
			Uid: receipt.UID, Revision: int64(receipt.Revision), Holds: openapi.Holdings{
				Devices: holds.Devices, ActiveDevices: holds.ActiveDevices, Users: holds.Users, Partnerships: holds.Partnerships,
				Orders: holds.Orders, ReleaseRequests: holds.Releases, Operations: holds.Operations,
			},
		},
		Headers: openapi.CloseAccount200ResponseHeaders{ETag: etag(receipt.Revision), XPosition: receipt.Position.String()},
	}, nil
}

func (h handlers) ResendInvitation(ctx context.Context, r openapi.ResendInvitationRequestObject) (openapi.ResendInvitationResponseObject, error) {
	receipt, err := h.App.Accounts.ResendInvitation(ctx, callOf(ctx).caller, r.Uid, commandOf(ctx, valueOf(r.Body).Reason))
	if err != nil {
		return nil, err
	}
	return openapi.ResendInvitation200JSONResponse{
		Body:    writtenBody(receipt),
		Headers: openapi.ResendInvitation200ResponseHeaders{ETag: etag(receipt.Revision), XPosition: receipt.Position.String()},
	}, nil
}

func accountPath(uid uuid.UUID) string { return "/v1/accounts/" + uid.String() }

func accountRow(r query.AccountRow) openapi.Account {
	a := openapi.Account{
		Uid: r.UID, Name: r.Name, Type: openapi.AccountType(r.Type), Status: openapi.AccountStatus(r.Status),
		Offers: list(r.Offers, offer), Billing: billing(r.Billing), Administrators: list(r.Administrators, person),
		CreatedAt: r.CreatedAt.UTC(), Revision: int64(r.Revision),
	}
	if r.Status == account.Pending || r.Status == account.Expired {
		a.InvitationExpires = instant(r.InvitationExpires)
	}
	return a
}

func billing(b account.Billing) openapi.Billing {
	wire := openapi.Billing{Mode: openapi.BillingMode(cmp.Or(b.Mode, account.Prepaid))}
	if b.Contact != nil {
		contact := person(*b.Contact)
		wire.Contact = &contact
	}
	return wire
}
