package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
)

var contactOrders = orders[account.Person]{
	"name":  byName(func(p account.Person) string { return p.Name }),
	"email": byName(func(p account.Person) string { return p.Email }),
}

func (h handlers) ListChannelContacts(ctx context.Context, r openapi.ListChannelContactsRequestObject) (openapi.ListChannelContactsResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, contactOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	row, position, err := h.administered(ctx, r.Uid, r.Params.MinPosition, r.Params.AsOf)
	if err != nil {
		return nil, err
	}
	found, err := paged(row.ChannelContacts, page, contactOrders)
	if err != nil {
		return nil, err
	}
	return openapi.ListChannelContacts200JSONResponse{
		Body:    openapi.ContactList{Items: list(found.Items, person), NextCursor: present(found.NextCursor), Total: found.Total},
		Headers: openapi.ListChannelContacts200ResponseHeaders{XPosition: position.String()},
	}, nil
}

func (h handlers) GetChannelContact(ctx context.Context, r openapi.GetChannelContactRequestObject) (openapi.GetChannelContactResponseObject, error) {
	row, position, err := h.administered(ctx, r.Uid, r.Params.MinPosition, r.Params.AsOf)
	if err != nil {
		return nil, err
	}
	for _, contact := range row.ChannelContacts {
		if contact.ID == r.Contact {
			return openapi.GetChannelContact200JSONResponse{
				Body:    person(contact),
				Headers: openapi.GetChannelContact200ResponseHeaders{XPosition: position.String()},
			}, nil
		}
	}
	return nil, query.ErrNotFound
}

func (h handlers) AssignChannelContact(ctx context.Context, r openapi.AssignChannelContactRequestObject) (openapi.AssignChannelContactResponseObject, error) {
	contact := account.Contact{Email: r.Body.Email, Name: valueOf(r.Body.Name)}
	assigned, err := h.App.Accounts.AssignChannelContact(ctx, callOf(ctx).caller, r.Uid, commandOf(ctx, r.Body.Reason), contact)
	if err != nil {
		return nil, err
	}
	return openapi.AssignChannelContact201JSONResponse{
		Body: person(assigned.Contact),
		Headers: openapi.AssignChannelContact201ResponseHeaders{
			Location:  accountPath(r.Uid) + "/channel-contacts/" + assigned.Contact.ID.String(),
			XPosition: assigned.Position.String(),
		},
	}, nil
}

func (h handlers) RemoveChannelContact(ctx context.Context, r openapi.RemoveChannelContactRequestObject) (openapi.RemoveChannelContactResponseObject, error) {
	receipt, err := h.App.Accounts.RemoveChannelContact(ctx, callOf(ctx).caller, r.Uid, r.Contact, commandOf(ctx, r.Params.Reason))
	if err != nil {
		return nil, err
	}
	return openapi.RemoveChannelContact200JSONResponse{
		Body:    writtenBody(receipt),
		Headers: openapi.RemoveChannelContact200ResponseHeaders{XPosition: receipt.Position.String()},
	}, nil
}
