package api

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

var deviceSorts = []string{"name", "serialNumber", "model", "account", "lifeCycleState", "offer", "firstRegistered", "serviceStart",
	"serviceEnd", "autoRenew"}

func (h handlers) ListDevices(ctx context.Context, r openapi.ListDevicesRequestObject) (openapi.ListDevicesResponseObject, error) {
	q, err := h.deviceQuery(r.Params)
	if err != nil {
		return nil, err
	}
	caller := callOf(ctx).caller
	if r.Params.Account != nil {
		q.Accounts = []uuid.UUID{*r.Params.Account}
	}
	if accepts(callOf(ctx).accept, "application/json", "text/csv") == "text/csv" {
		body, position, err := h.devicesCSV(ctx, caller, q, r.Params.Limit == nil)
		if err != nil {
			return nil, err
		}
		return openapi.ListDevices200TextcsvResponse{Body: body, Headers: openapi.ListDevices200ResponseHeaders{XPosition: position.String()}}, nil
	}
	page, err := h.App.Devices(ctx, caller, q)
	if err != nil {
		return nil, err
	}
	return openapi.ListDevices200JSONResponse{
		Body: openapi.DeviceList{
			Items: list(page.Items, h.deviceRow(h.dayOf(q.Freshness))), NextCursor: present(page.NextCursor), Total: page.Total, Windows: h.windows(),
		},
		Headers: openapi.ListDevices200ResponseHeaders{XPosition: page.Position.String()},
	}, nil
}

func (h handlers) deviceQuery(p openapi.ListDevicesParams) (query.DeviceQuery, error) {
	var in reading
	q := query.DeviceQuery{
		Freshness:      in.freshness(h.Clock.Now(), p.MinPosition, p.AsOf),
		Page:           in.page(p.Limit, p.Cursor, p.Sort, deviceSorts),
		LifeCycle:      device.LifeCycle(valueOf(p.State)),
		Model:          strings.ToUpper(valueOf(p.Model)),
		Offer:          catalogue.Offer(valueOf(p.Offer)),
		Label:          valueOf(p.Label),
		ServiceEndFrom: in.date("#/query/serviceEndFrom", p.ServiceEndFrom),
		ServiceEndTo:   in.date("#/query/serviceEndTo", p.ServiceEndTo),
		Expired:        p.Expired,
		Search:         valueOf(p.Search),
	}
	if p.Window != nil {
		h.within(&q, &in, *p.Window)
	}
	return q, in.err()
}

// within narrows a query to a renewal window, counted from the day the query
// is about.
func (h handlers) within(q *query.DeviceQuery, in *reading, name string) {
	today := h.dayOf(q.Freshness)
	for _, w := range h.Windows {
		if w.Name != name {
			continue
		}
		q.Due = true
		q.ServiceEndFrom = max(q.ServiceEndFrom, today.AddDays(w.FromDay))
		if end := today.AddDays(w.ToDay); q.ServiceEndTo.IsZero() || end < q.ServiceEndTo {
			q.ServiceEndTo = end
		}
		return
	}
	in.wrong("#/query/window", codeWindowUnknown, "There is no such renewal window; the list's windows says which there are.")
}

func (h handlers) placesUsed(ctx context.Context, caller access.Caller, account uuid.UUID, fresh query.Freshness) (int, error) {
	caller.ActingFor = account
	q := query.DeviceQuery{Freshness: fresh, Page: query.Page{Limit: 1}, Accounts: []uuid.UUID{account}}
	all, err := h.App.Devices(ctx, caller, q)
	if err != nil {
		return 0, err
	}
	q.LifeCycle = device.OutOfService
	retired, err := h.App.Devices(ctx, caller, q)
	return all.Total - retired.Total, err
}

func (h handlers) GetDevice(ctx context.Context, r openapi.GetDeviceRequestObject) (openapi.GetDeviceResponseObject, error) {
	var in reading
	fresh := in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf)
	if err := in.err(); err != nil {
		return nil, err
	}
	row, position, err := h.App.Device(ctx, callOf(ctx).caller, r.Id, fresh)
	if err != nil {
		return nil, err
	}
	return openapi.GetDevice200JSONResponse{
		Body:    h.deviceRow(h.dayOf(fresh))(row),
		Headers: openapi.GetDevice200ResponseHeaders{ETag: etag(row.Revision), XPosition: position.String()},
	}, nil
}

func (h handlers) GetDeviceHistory(ctx context.Context, r openapi.GetDeviceHistoryRequestObject) (openapi.GetDeviceHistoryResponseObject, error) {
	var in reading
	reached := in.freshness(time.Time{}, r.Params.MinPosition, nil).MinPosition
	if err := in.err(); err != nil {
		return nil, err
	}
	items, err := h.App.DeviceHistory(ctx, callOf(ctx).caller, r.Id)
	if err != nil {
		return nil, err
	}
	// The log itself is never behind: what was wanted is reached.
	for _, item := range items {
		if reached.Before(item.Position) {
			reached = item.Position
		}
	}
	return openapi.GetDeviceHistory200JSONResponse{
		Body:    openapi.History{Items: list(items, historyItem), Total: len(items)},
		Headers: openapi.GetDeviceHistory200ResponseHeaders{XPosition: reached.String()},
	}, nil
}

func (h handlers) EditDevice(ctx context.Context, r openapi.EditDeviceRequestObject) (openapi.EditDeviceResponseObject, error) {
	var in reading
	c := app.EditDevice{
		Command: commandOf(ctx, r.Body.Reason), Device: r.Id, Name: r.Body.Name, Labels: r.Body.Labels,
		IfRevision: in.ifMatch(r.Params.IfMatch),
	}
	if r.Body.Name == nil && r.Body.Labels == nil {
		in.wrong("", codeFieldMissing, "Give a name or labels.")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	written, err := h.App.EditDevice(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.EditDevice200JSONResponse{WrittenJSONResponse: deviceWritten(written)}, nil
}

func (h handlers) SuspendDevice(ctx context.Context, r openapi.SuspendDeviceRequestObject) (openapi.SuspendDeviceResponseObject, error) {
	written, err := h.deviceCommand(ctx, h.App.SuspendDevice, r.Id, r.Body, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	return openapi.SuspendDevice200JSONResponse{WrittenJSONResponse: deviceWritten(written)}, nil
}

func (h handlers) ResumeDevice(ctx context.Context, r openapi.ResumeDeviceRequestObject) (openapi.ResumeDeviceResponseObject, error) {
	written, err := h.deviceCommand(ctx, h.App.ResumeDevice, r.Id, r.Body, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	return openapi.ResumeDevice200JSONResponse{WrittenJSONResponse: deviceWritten(written)}, nil
}

func (h handlers) RetireDevice(ctx context.Context, r openapi.RetireDeviceRequestObject) (openapi.RetireDeviceResponseObject, error) {
	written, err := h.deviceCommand(ctx, h.App.RetireDevice, r.Id, r.Body, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	return openapi.RetireDevice200JSONResponse{WrittenJSONResponse: deviceWritten(written)}, nil
}

func (h handlers) deviceCommand(
	ctx context.Context, do func(context.Context, access.Caller, app.DeviceCommand) (app.Written, error),
	id string, body *openapi.Reason, match *openapi.IfMatch,
) (app.Written, error) {
	var in reading
	c := app.DeviceCommand{Command: commandOf(ctx, valueOf(body).Reason), Device: id, IfRevision: in.ifMatch(match)}
	if err := in.err(); err != nil {
		return app.Written{}, err
	}
	return do(ctx, callOf(ctx).caller, c)
}

func deviceWritten(w app.Written) openapi.WrittenJSONResponse {
	return openapi.WrittenJSONResponse{
		Body:    openapi.Written{Uid: w.UID, Revision: int64(w.Revision)},
		Headers: openapi.WrittenResponseHeaders{ETag: etag(w.Revision), XPosition: w.Position.String()},
	}
}

func (h handlers) GrantAllocation(ctx context.Context, r openapi.GrantAllocationRequestObject) (openapi.GrantAllocationResponseObject, error) {
	var in reading
	c := app.GrantAllocation{
		Command: commandOf(ctx, r.Body.Reason), Device: r.Body.Device,
		Term: in.term("/term", r.Body.Term), Until: in.date("/until", r.Body.Until),
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	written, err := h.App.GrantAllocation(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.GrantAllocation201JSONResponse{
		Body:    openapi.Written{Uid: written.UID, Revision: int64(written.Revision)},
		Headers: openapi.GrantAllocation201ResponseHeaders{ETag: etag(written.Revision), XPosition: written.Position.String()},
	}, nil
}
