package api

import (
	"context"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/devices"
)

func (h handlers) GetDeviceHistory(ctx context.Context, r openapi.GetDeviceHistoryRequestObject) (openapi.GetDeviceHistoryResponseObject, error) {
	var in reading
	reached := in.freshness(time.Time{}, r.Params.MinPosition, nil).MinPosition
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, []string{"occurredAt"})
	if err := in.err(); err != nil {
		return nil, err
	}
	items, err := h.App.Devices.History(ctx, callOf(ctx).caller, r.Id)
	if err != nil {
		return nil, err
	}
	// The log itself is never behind: what was wanted is reached.
	for _, item := range items {
		if reached.Before(item.Position) {
			reached = item.Position
		}
	}
	all, err := paged(items, page, orders[devices.HistoryItem]{
		"occurredAt": byTime(func(h devices.HistoryItem) time.Time { return h.OccurredAt }),
	})
	if err != nil {
		return nil, err
	}
	return openapi.GetDeviceHistory200JSONResponse{
		Body:    openapi.History{Items: list(all.Items, h.historyItem), NextCursor: present(all.NextCursor), Total: all.Total},
		Headers: openapi.GetDeviceHistory200ResponseHeaders{XPosition: reached.String()},
	}, nil
}

func (h handlers) historyItem(i devices.HistoryItem) openapi.HistoryItem {
	return openapi.HistoryItem{
		Position: h.Epoch.Position(i.Position), Id: present(i.ID), Type: present(i.Type), Revision: int64(i.Revision),
		OccurredAt: instant(i.OccurredAt), RecordedAt: instant(i.RecordedAt),
		Actor:   openapi.Actor{Kind: string(i.Actor.Kind), Id: i.Actor.ID, Account: present(i.Actor.Account)},
		Account: present(i.Account), Reason: i.Reason, CorrelationId: i.CorrelationID, CausationId: i.CausationID,
		Changes: list(i.Changes, func(c devices.Change) openapi.Change {
			return openapi.Change{Field: c.Field, Before: c.Before, After: c.After}
		}),
		LeafHash: i.LeafHash.String(), Redacted: i.Redacted,
	}
}
