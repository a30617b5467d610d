package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/renewals"
)

var allocationSorts = []string{"grantedAt", "until", "serialNumber"}

func (h handlers) GrantAllocation(ctx context.Context, r openapi.GrantAllocationRequestObject) (openapi.GrantAllocationResponseObject, error) {
	var in reading
	c := renewals.Grant{
		Command: commandOf(ctx, r.Body.Reason), Device: r.Body.Device,
		Term: in.term("/term", r.Body.Term), Until: in.date("/until", r.Body.Until),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	granted, err := h.App.Renewals.Grant(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	shown, position := h.device(granted.State, "", granted.Revision, h.today()), granted.Position.String()
	if c.DryRun {
		return openapi.GrantAllocation200JSONResponse(shown), nil
	}
	return openapi.GrantAllocation201JSONResponse{
		Body:    shown,
		Headers: openapi.GrantAllocation201ResponseHeaders{ETag: etag(granted.Revision), XPosition: position},
	}, nil
}

func (h handlers) ListAllocations(ctx context.Context, r openapi.ListAllocationsRequestObject) (openapi.ListAllocationsResponseObject, error) {
	var in reading
	q := query.AllocationQuery{
		Freshness: query.Freshness{MinPosition: in.minPosition(r.Params.MinPosition)},
		Page:      in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, allocationSorts),
		Accounts:  valueOf(r.Params.Account),
		Devices:   named(r.Params.Device),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	fetch := func() (query.List[query.AllocationRow], error) {
		return h.App.Renewals.Allocations(ctx, callOf(ctx).caller, q)
	}
	if wantsCSV(ctx) {
		return csvList(h, "allocations", allocationColumns, r.Params.Limit, q.Freshness, &q.Page, fetch, allocationCells)
	}
	page, err := fetch()
	if err != nil {
		return nil, err
	}
	return openapi.ListAllocations200JSONResponse{
		Body:    openapi.AllocationList{Items: list(page.Items, allocation), NextCursor: present(page.NextCursor), Total: page.Total},
		Headers: openapi.ListAllocations200ResponseHeaders{XPosition: page.Position.String()},
	}, nil
}

func allocation(a query.AllocationRow) openapi.Allocation {
	return openapi.Allocation{
		Id: a.ID, Device: a.Device, SerialNumber: a.SerialNumber, Account: a.Account, OldEnd: present(a.OldEnd.String()),
		Until: a.Until.String(), Parked: a.Parked, Reason: a.Reason, GrantedAt: a.GrantedAt, Actor: actor(a.Actor),
	}
}
