package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/query"
)

var partnerOrders = orders[query.PartnershipRow]{
	"name":    byName(func(p query.PartnershipRow) string { return p.PartnerName }),
	"profile": byName(func(p query.PartnershipRow) string { return p.Profile.Name }),
	"until":   byTime(func(p query.PartnershipRow) time.Time { return p.Until }),
}

func (h handlers) ListPartners(ctx context.Context, r openapi.ListPartnersRequestObject) (openapi.ListPartnersResponseObject, error) {
	var in reading
	fresh := in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf)
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, partnerOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	rows, position, err := h.App.Partnerships.List(ctx, callOf(ctx).caller, r.Uid, fresh)
	if err != nil {
		return nil, err
	}
	rows = either(rows, r.Params.Profile, func(p query.PartnershipRow) string { return p.Profile.ID })
	if len(page.Sort) == 0 {
		page.Sort = []string{"name"}
	}
	fetch := func() (query.List[query.PartnershipRow], error) {
		one, err := paged(rows, page, partnerOrders)
		one.Position = position
		return one, err
	}
	if wantsCSV(ctx) {
		return csvList(h, "partners", partnerColumns, r.Params.Limit, fresh, &page, fetch, partnerCells(r.Uid))
	}
	all, err := fetch()
	if err != nil {
		return nil, err
	}
	return openapi.ListPartners200JSONResponse{
		Body:    openapi.PartnerList{Items: list(all.Items, partner(r.Uid)), NextCursor: present(all.NextCursor), Total: all.Total},
		Headers: openapi.ListPartners200ResponseHeaders{XPosition: position.String()},
	}, nil
}

func (h handlers) EstablishPartnership(ctx context.Context, r openapi.EstablishPartnershipRequestObject) (openapi.EstablishPartnershipResponseObject, error) {
	receipt, err := h.App.Partnerships.Establish(ctx, callOf(ctx).caller, partnerships.Establish{
		Command: commandOf(ctx, r.Body.Reason), Reseller: r.Body.Partner, Customer: r.Uid,
		Profile: valueOf(r.Body.Profile), Until: valueOf(r.Body.Until),
	})
	if err != nil {
		return nil, err
	}
	return openapi.EstablishPartnership201JSONResponse{
		Body:    writtenBody(receipt),
		Headers: openapi.EstablishPartnership201ResponseHeaders{XPosition: receipt.Position.String()},
	}, nil
}

func (h handlers) AssignPartnerProfile(ctx context.Context, r openapi.AssignPartnerProfileRequestObject) (openapi.AssignPartnerProfileResponseObject, error) {
	var in reading
	c := partnerships.Assign{
		Command:  commandOf(ctx, r.Body.Reason),
		Reseller: r.Partner, Customer: r.Uid, Profile: valueOf(r.Body.Profile), Until: in.optional("/until", r.Body.Until),
	}
	if c.Profile == "" && c.Until == nil {
		in.wrong("", codeFieldMissing, "Give a profile or until.")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	receipt, err := h.App.Partnerships.Assign(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.AssignPartnerProfile200JSONResponse{
		Body:    writtenBody(receipt),
		Headers: openapi.AssignPartnerProfile200ResponseHeaders{XPosition: receipt.Position.String()},
	}, nil
}

func (h handlers) EndPartnership(ctx context.Context, r openapi.EndPartnershipRequestObject) (openapi.EndPartnershipResponseObject, error) {
	receipt, err := h.App.Partnerships.End(ctx, callOf(ctx).caller, r.Partner, r.Uid, commandOf(ctx, r.Params.Reason))
	if err != nil {
		return nil, err
	}
	return openapi.EndPartnership200JSONResponse{
		Body:    writtenBody(receipt),
		Headers: openapi.EndPartnership200ResponseHeaders{XPosition: receipt.Position.String()},
	}, nil
}

func partner(seenFrom uuid.UUID) func(query.PartnershipRow) openapi.Partner {
	return func(r query.PartnershipRow) openapi.Partner {
		other := r.Customer
		if other == seenFrom {
			other = r.Reseller
		}
		return openapi.Partner{
			Uid: r.UID, Reseller: r.Reseller, Customer: r.Customer, Profile: profileRef(r.Profile), Until: instant(r.Until),
			Account:        openapi.AccountRef{Uid: other, Name: r.PartnerName, Type: openapi.AccountType(r.PartnerType)},
			Administrators: list(r.Administrators, person),
		}
	}
}
