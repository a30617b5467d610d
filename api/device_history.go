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
		Body:    openapi.History{Items: list(all.Items, historyItem), NextCursor: present(all.NextCursor), Total: all.Total},
		Headers: openapi.GetDeviceHistory200ResponseHeaders{XPosition: reached.String()},
	}, nil
}

func historyItem(h devices.HistoryItem) openapi.HistoryItem {
	return openapi.HistoryItem{
		Position: h.Position.String(), Id: present(h.ID), Type: present(h.Type), Revision: int64(h.Revision),
		OccurredAt: instant(h.OccurredAt), RecordedAt: instant(h.RecordedAt),
		Actor:   openapi.Actor{Kind: string(h.Actor.Kind), Id: h.Actor.ID, Account: present(h.Actor.Account)},
		Account: present(h.Account), Reason: h.Reason, CorrelationId: h.CorrelationID, CausationId: h.CausationID,
		Changes: list(h.Changes, func(c devices.Change) openapi.Change {
			return openapi.Change{Field: c.Field, Before: c.Before, After: c.After}
		}),
		Hash: h.Hash, PreviousHash: h.PreviousHash, Redacted: h.Redacted,
	}
}
