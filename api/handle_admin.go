package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/catalogue"
)

// What an account's administrators, and the operator, decide about it.

func (h handlers) AssignPartnerProfile(ctx context.Context, r openapi.AssignPartnerProfileRequestObject) (openapi.AssignPartnerProfileResponseObject, error) {
	var in reading
	c := app.AssignPartnerProfile{
		Command:  commandOf(ctx, r.Body.Reason),
		Reseller: r.Partner, Customer: r.Uid, Profile: valueOf(r.Body.Profile), Until: in.optional("/until", r.Body.Until),
	}
	if c.Profile == "" && c.Until == nil {
		in.wrong("", codeFieldMissing, "Give a profile or until.")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	written, err := h.App.AssignPartnerProfile(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.AssignPartnerProfile200JSONResponse{
		Body:    openapi.Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: openapi.AssignPartnerProfile200ResponseHeaders{XPosition: written.Position.String()},
	}, nil
}

func (h handlers) EstablishPartnership(ctx context.Context, r openapi.EstablishPartnershipRequestObject) (openapi.EstablishPartnershipResponseObject, error) {
	written, err := h.App.EstablishPartnership(ctx, callOf(ctx).caller, app.EstablishPartnership{
		Command: commandOf(ctx, r.Body.Reason), Reseller: r.Body.Partner, Customer: r.Uid,
		Profile: valueOf(r.Body.Profile), Until: valueOf(r.Body.Until),
	})
	if err != nil {
		return nil, err
	}
	return openapi.EstablishPartnership201JSONResponse{
		Body:    openapi.Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: openapi.EstablishPartnership201ResponseHeaders{XPosition: written.Position.String()},
	}, nil
}

// optional reads an instant that may be left out (nil) or null (zero).
func (r *reading) optional(pointer string, v json.RawMessage) *time.Time {
	if len(v) == 0 {
		return nil
	}
	var t *time.Time
	if err := json.Unmarshal(v, &t); err != nil {
		r.wrong(pointer, codeInstantInvalid, "The instant must look like 2026-01-31T12:00:00Z.")
		return nil
	}
	if t == nil {
		return &time.Time{}
	}
	return t
}

func (h handlers) EndPartnership(ctx context.Context, r openapi.EndPartnershipRequestObject) (openapi.EndPartnershipResponseObject, error) {
	written, err := h.App.EndPartnership(ctx, callOf(ctx).caller, r.Partner, r.Uid, commandOf(ctx, r.Params.Reason))
	if err != nil {
		return nil, err
	}
	return openapi.EndPartnership200JSONResponse{
		Body:    openapi.Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: openapi.EndPartnership200ResponseHeaders{XPosition: written.Position.String()},
	}, nil
}

func (h handlers) EditAccount(ctx context.Context, r openapi.EditAccountRequestObject) (openapi.EditAccountResponseObject, error) {
	var in reading
	c := app.EditAccount{
		Command: commandOf(ctx, r.Body.Reason), Account: r.Uid, Name: r.Body.Name, IfRevision: in.ifMatch(r.Params.IfMatch),
	}
	if b := r.Body.Billing; b != nil {
		c.Billing = &app.EditBilling{Mode: account.BillingMode(b.Mode)}
		if b.Contact != nil {
			c.Billing.Contact = &app.Contact{Email: b.Contact.Email, Name: valueOf(b.Contact.Name)}
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
	written, err := h.App.EditAccount(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.EditAccount200JSONResponse{
		Body:    openapi.Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: openapi.EditAccount200ResponseHeaders{ETag: etag(written.Revision), XPosition: written.Position.String()},
	}, nil
}

func (h handlers) ListChannelContacts(ctx context.Context, r openapi.ListChannelContactsRequestObject) (openapi.ListChannelContactsResponseObject, error) {
	row, position, err := h.administered(ctx, r.Uid, r.Params.MinPosition, r.Params.AsOf)
	if err != nil {
		return nil, err
	}
	return openapi.ListChannelContacts200JSONResponse{
		Body:    openapi.ContactList{Items: list(row.ChannelContacts, person), Total: len(row.ChannelContacts)},
		Headers: openapi.ListChannelContacts200ResponseHeaders{XPosition: position.String()},
	}, nil
}

// administered reads the account of a route below it.
func (h handlers) administered(ctx context.Context, uid uuid.UUID, min *openapi.MinPosition, asOf *openapi.AsOf) (query.AccountRow, eventlog.Position, error) {
	var in reading
	fresh := in.freshness(h.Clock.Now(), min, asOf)
	if err := in.err(); err != nil {
		return query.AccountRow{}, eventlog.Position{}, err
	}
	return h.App.Account(ctx, callOf(ctx).caller, uid, fresh)
}

func (h handlers) AssignChannelContact(ctx context.Context, r openapi.AssignChannelContactRequestObject) (openapi.AssignChannelContactResponseObject, error) {
	contact := app.Contact{Email: r.Body.Email, Name: valueOf(r.Body.Name)}
	assigned, err := h.App.AssignChannelContact(ctx, callOf(ctx).caller, r.Uid, commandOf(ctx, r.Body.Reason), contact)
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
	written, err := h.App.RemoveChannelContact(ctx, callOf(ctx).caller, r.Uid, r.Contact, commandOf(ctx, r.Params.Reason))
	if err != nil {
		return nil, err
	}
	return openapi.RemoveChannelContact200JSONResponse{
		Body:    openapi.Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: openapi.RemoveChannelContact200ResponseHeaders{XPosition: written.Position.String()},
	}, nil
}

func (h handlers) GetSecurity(ctx context.Context, r openapi.GetSecurityRequestObject) (openapi.GetSecurityResponseObject, error) {
	row, position, err := h.administered(ctx, r.Uid, r.Params.MinPosition, r.Params.AsOf)
	if err != nil {
		return nil, err
	}
	s := row.Security
	return openapi.GetSecurity200JSONResponse{
		Body: openapi.Security{
			SessionMinutes: present(s.SessionMinutes), PasswordLength: max(s.PasswordLength, account.PasswordMinimum),
			AddressRanges: list(s.AddressRanges, same),
		},
		Headers: openapi.GetSecurity200ResponseHeaders{XPosition: position.String()},
	}, nil
}

func (h handlers) SecureAccount(ctx context.Context, r openapi.SecureAccountRequestObject) (openapi.SecureAccountResponseObject, error) {
	options := account.Secure{
		SessionMinutes: r.Body.SessionMinutes, PasswordLength: r.Body.PasswordLength, AddressRanges: r.Body.AddressRanges, From: callOf(ctx).from,
	}
	if options.SessionMinutes == nil && options.PasswordLength == nil && options.AddressRanges == nil {
		return nil, malformed("", codeFieldMissing, "Give one of the options.")
	}
	written, err := h.App.SecureAccount(ctx, callOf(ctx).caller,
		app.SecureAccount{Command: commandOf(ctx, r.Body.Reason), Account: r.Uid, Options: options})
	if err != nil {
		return nil, err
	}
	return openapi.SecureAccount200JSONResponse{
		Body:    openapi.Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: openapi.SecureAccount200ResponseHeaders{XPosition: written.Position.String()},
	}, nil
}
