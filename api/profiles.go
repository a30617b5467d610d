package api

import (
	"context"
	"slices"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
)

var profileOrders = orders[openapi.Profile]{
	"name": byName(func(p openapi.Profile) string { return p.Name }),
	"shipped": func(a, b openapi.Profile) int {
		switch {
		case a.Shipped == b.Shipped:
			return 0
		case b.Shipped:
			return -1
		}
		return 1
	},
}

func (h handlers) ListProfiles(ctx context.Context, r openapi.ListProfilesRequestObject) (openapi.ListProfilesResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, profileOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	row, position, err := h.administered(ctx, r.Uid, r.Params.MinPosition, r.Params.AsOf)
	if err != nil {
		return nil, err
	}
	own := slices.SortedFunc(slices.Values(list(row.Profiles, profile)), profileOrders["name"])
	all := slices.Concat(list(rights.Profiles, profile), own)
	if shipped := r.Params.Shipped; shipped != nil {
		all = slices.DeleteFunc(all, func(p openapi.Profile) bool { return p.Shipped != *shipped })
	}
	found, err := paged(all, page, profileOrders)
	if err != nil {
		return nil, err
	}
	return openapi.ListProfiles200JSONResponse{
		Body:    openapi.ProfileList{Items: found.Items, NextCursor: present(found.NextCursor), Total: found.Total},
		Headers: openapi.ListProfiles200ResponseHeaders{XPosition: position.String()},
	}, nil
}

func (h handlers) GetProfile(ctx context.Context, r openapi.GetProfileRequestObject) (openapi.GetProfileResponseObject, error) {
	row, position, err := h.administered(ctx, r.Uid, r.Params.MinPosition, r.Params.AsOf)
	if err != nil {
		return nil, err
	}
	found := rights.Resolve(r.Profile, row.Profiles)
	if !found.Exists() {
		return nil, query.ErrNotFound
	}
	return openapi.GetProfile200JSONResponse{
		Body:    profile(found),
		Headers: openapi.GetProfile200ResponseHeaders{ETag: etag(row.Revision), XPosition: position.String()},
	}, nil
}

func (h handlers) DefineProfile(ctx context.Context, r openapi.DefineProfileRequestObject) (openapi.DefineProfileResponseObject, error) {
	receipt, err := h.App.Accounts.DefineProfile(ctx, callOf(ctx).caller, accounts.DefineProfile{
		Command: commandOf(ctx, r.Body.Reason), Account: r.Uid, Name: r.Body.Name, Rights: r.Body.Rights,
	})
	if err != nil {
		return nil, err
	}
	return openapi.DefineProfile201JSONResponse{
		Body: writtenBody(receipt),
		Headers: openapi.DefineProfile201ResponseHeaders{
			Location: accountPath(r.Uid) + "/profiles/" + receipt.UID.String(), XPosition: receipt.Position.String(),
		},
	}, nil
}

func (h handlers) EditProfile(ctx context.Context, r openapi.EditProfileRequestObject) (openapi.EditProfileResponseObject, error) {
	var in reading
	c := accounts.EditProfile{
		Command: commandOf(ctx, r.Body.Reason), Account: r.Uid, Profile: r.Profile,
		Name: r.Body.Name, Rights: r.Body.Rights, IfRevision: in.ifMatch(r.Params.IfMatch),
	}
	if c.Name == nil && c.Rights == nil {
		in.wrong("", codeFieldMissing, "Give a name or rights.")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	receipt, err := h.App.Accounts.EditProfile(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.EditProfile200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, nil
}

func (h handlers) RemoveProfile(ctx context.Context, r openapi.RemoveProfileRequestObject) (openapi.RemoveProfileResponseObject, error) {
	var in reading
	c := accounts.RemoveProfile{
		Command: commandOf(ctx, r.Params.Reason), Account: r.Uid, Profile: r.Profile, IfRevision: in.ifMatch(r.Params.IfMatch),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	receipt, err := h.App.Accounts.RemoveProfile(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.RemoveProfile200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, nil
}

func profile(p rights.Profile) openapi.Profile {
	_, shipped := rights.Find(p.ID)
	return openapi.Profile{Id: p.ID, Name: p.Name, Rights: list(p.Rights, same), Shipped: shipped}
}
