package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
)

// GetSlots counts by the read model: what a registration at the same time
// takes is decided by the log.
func (h handlers) GetSlots(ctx context.Context, r openapi.GetSlotsRequestObject) (openapi.GetSlotsResponseObject, error) {
	var in reading
	fresh := in.freshness(time.Time{}, r.Params.MinPosition, nil)
	if err := in.err(); err != nil {
		return nil, err
	}
	caller := callOf(ctx).caller
	row, position, err := h.App.Accounts.Get(ctx, caller, r.Uid, fresh)
	if err != nil {
		return nil, err
	}
	used, err := h.placesUsed(ctx, caller, r.Uid, fresh)
	if err != nil {
		return nil, err
	}
	slots := openapi.Slots{Used: used}
	if row.Type == account.Reseller {
		places, free := h.Rules.Places, max(0, h.Rules.Places-used)
		slots.Places, slots.Free = &places, &free
	}
	return openapi.GetSlots200JSONResponse{Body: slots, Headers: openapi.GetSlots200ResponseHeaders{XPosition: position.String()}}, nil
}

func (h handlers) placesUsed(ctx context.Context, caller access.Caller, account uuid.UUID, fresh query.Freshness) (int, error) {
	caller.ActingFor = account
	q := query.DeviceQuery{Freshness: fresh, Page: query.Page{Limit: 1}, Accounts: []uuid.UUID{account}}
	all, err := h.App.Devices.List(ctx, caller, q)
	if err != nil {
		return 0, err
	}
	q.LifeCycles = []device.LifeCycle{device.OutOfService}
	retired, err := h.App.Devices.List(ctx, caller, q)
	return all.Total - retired.Total, err
}
