package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/query"
)

var (
	transferSorts = []string{"requestedAt", "state"}
	planSorts     = []string{"createdAt", "expiresAt", "state"}
)

func (h handlers) ListTransfers(ctx context.Context, r openapi.ListTransfersRequestObject) (openapi.ListTransfersResponseObject, error) {
	var in reading
	p := r.Params
	q := query.TransferQuery{
		Freshness: query.Freshness{MinPosition: in.minPosition(p.MinPosition)},
		Page:      in.page(p.Limit, p.Cursor, p.Sort, transferSorts),
		Of:        valueOf(p.Account), From: valueOf(p.From), To: valueOf(p.To),
		Devices:  named(p.Device),
		Statuses: eachOf[query.TransferStatus](p.State),
		Since:    in.since("#/query/since", p.Since), Until: in.until("#/query/until", p.Until),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	page, err := h.App.Transfers.List(ctx, callOf(ctx).caller, q)
	if err != nil {
		return nil, err
	}
	return openapi.ListTransfers200JSONResponse{
		Body:    openapi.TransferList{Items: list(page.Items, listedTransfer), NextCursor: present(page.NextCursor), Total: page.Total},
		Headers: openapi.ListTransfers200ResponseHeaders{XPosition: page.Position.String()},
	}, nil
}

func listedTransfer(r query.TransferRow) openapi.ListedTransfer {
	t := openapi.ListedTransfer{
		Id: r.UID, State: openapi.TransferState(r.Status), From: r.From, To: r.To, Offer: present(string(r.Offer)), RequestedAt: r.RequestedAt,
	}
	if r.KnowsAsker {
		t.PlanId, t.RequestedBy = present(r.Plan), &openapi.Asked{Actor: actor(r.Actor), Reason: r.Reason}
	}
	d := &t.Devices
	d.Requested, d.Transferred = r.Counts[query.TransferRequested], r.Counts[query.TransferDone]
	d.Reversed, d.Refused = r.Counts[query.TransferReversed], r.Counts[query.TransferRefused]
	d.Total = d.Requested + d.Transferred + d.Reversed + d.Refused
	return t
}

func (h handlers) ListTransferPlans(ctx context.Context, r openapi.ListTransferPlansRequestObject) (openapi.ListTransferPlansResponseObject, error) {
	var in reading
	p := r.Params
	q := query.TransferPlanQuery{
		Freshness: query.Freshness{MinPosition: in.minPosition(p.MinPosition)},
		Page:      in.page(p.Limit, p.Cursor, p.Sort, planSorts),
		Of:        valueOf(p.Account), From: valueOf(p.From), To: valueOf(p.To),
		Statuses: eachOf[query.PlanStatus](p.State),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	page, err := h.App.Transfers.TransferPlans(ctx, callOf(ctx).caller, q)
	if err != nil {
		return nil, err
	}
	return openapi.ListTransferPlans200JSONResponse{
		Body:    openapi.TransferPlanList{Items: list(page.Items, listedPlan), NextCursor: present(page.NextCursor), Total: page.Total},
		Headers: openapi.ListTransferPlans200ResponseHeaders{XPosition: page.Position.String()},
	}, nil
}

func listedPlan(r query.TransferPlanRow) openapi.ListedTransferPlan {
	return openapi.ListedTransferPlan{
		Id: r.UID, State: openapi.TransferPlanState(r.Status), From: r.From, To: r.To, Offer: present(string(r.Offer)), Reason: r.Reason,
		CreatedAt: r.CreatedAt, ExpiresAt: r.Expires, Transfers: list(r.Transfers, func(id uuid.UUID) uuid.UUID { return id }),
		Summary: openapi.TransferPlanSummary{Total: r.Total, Transferable: r.Transferable, Refused: r.Refused},
	}
}
