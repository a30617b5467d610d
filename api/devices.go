package api

import (
	"context"
	"slices"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/calendar"
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
	if wantsCSV(ctx) {
		return h.devicesCSV(ctx, caller, q, r.Params.Limit)
	}
	page, err := h.App.Devices.List(ctx, caller, q)
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
		Accounts:       valueOf(p.Account),
		LifeCycles:     eachOf[device.LifeCycle](p.State),
		Models:         valueOf(p.Model),
		Offers:         eachOf[catalogue.Offer](p.Offer),
		Labels:         valueOf(p.Label),
		ServiceEndFrom: in.date("#/query/serviceEndFrom", p.ServiceEndFrom),
		ServiceEndTo:   in.date("#/query/serviceEndTo", p.ServiceEndTo),
		Expired:        p.Expired,
		SIMNotAllowed:  p.SimNotAllowed,
		Search:         valueOf(p.Search),
	}
	q.Due = valueOf(p.Renewal) == openapi.DueRenewal
	q.Automatic = valueOf(p.Renewal) == openapi.AutomaticRenewal
	for _, name := range valueOf(p.Window) {
		i := slices.IndexFunc(h.Windows[:], func(w query.Window) bool { return w.Name == name })
		if i < 0 {
			in.wrong("#/query/window", codeWindowUnknown, "There is no such renewal window; the list's windows says which there are.")
			break
		}
		q.Due, q.Ends = true, append(q.Ends, h.Windows[i])
	}
	return q, in.err()
}

func (h handlers) GetDevice(ctx context.Context, r openapi.GetDeviceRequestObject) (openapi.GetDeviceResponseObject, error) {
	var in reading
	fresh := in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf)
	if err := in.err(); err != nil {
		return nil, err
	}
	row, position, err := h.App.Devices.Get(ctx, callOf(ctx).caller, r.Id, fresh)
	if err != nil {
		return nil, err
	}
	return openapi.GetDevice200JSONResponse{
		Body:    h.deviceRow(h.dayOf(fresh))(row),
		Headers: openapi.GetDevice200ResponseHeaders{ETag: etag(row.Revision), XPosition: position.String()},
	}, nil
}

func (h handlers) EditDevice(ctx context.Context, r openapi.EditDeviceRequestObject) (openapi.EditDeviceResponseObject, error) {
	var in reading
	c := devices.Edit{
		Command: commandOf(ctx, r.Body.Reason), Device: r.Id, Name: r.Body.Name, Labels: r.Body.Labels,
		ICCID: r.Body.Iccid, Offer: catalogue.Offer(valueOf(r.Body.Offer)), IfRevision: in.ifMatch(r.Params.IfMatch),
	}
	if r.Body.Name == nil && r.Body.Labels == nil && r.Body.Iccid == nil && r.Body.Offer == nil {
		in.wrong("", codeFieldMissing, "Give a name, labels, an iccid or an offer.")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	receipt, err := h.App.Devices.Edit(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.EditDevice200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, nil
}

func (h handlers) SuspendDevice(ctx context.Context, r openapi.SuspendDeviceRequestObject) (openapi.SuspendDeviceResponseObject, error) {
	receipt, err := h.deviceCommand(ctx, h.App.Devices.Suspend, r.Id, r.Body, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	return openapi.SuspendDevice200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, nil
}

func (h handlers) ResumeDevice(ctx context.Context, r openapi.ResumeDeviceRequestObject) (openapi.ResumeDeviceResponseObject, error) {
	receipt, err := h.deviceCommand(ctx, h.App.Devices.Resume, r.Id, r.Body, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	return openapi.ResumeDevice200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, nil
}

func (h handlers) RetireDevice(ctx context.Context, r openapi.RetireDeviceRequestObject) (openapi.RetireDeviceResponseObject, error) {
	receipt, err := h.deviceCommand(ctx, h.App.Devices.Retire, r.Id, r.Body, r.Params.IfMatch)
	if err != nil {
		return nil, err
	}
	return openapi.RetireDevice200JSONResponse{WrittenJSONResponse: writtenResponse(receipt)}, nil
}

func (h handlers) ReinstateDevice(ctx context.Context, r openapi.ReinstateDeviceRequestObject) (openapi.ReinstateDeviceResponseObject, error) {
	var in reading
	body := valueOf(r.Body)
	c := devices.Reinstate{Name: valueOf(body.Name), LifeCycle: devices.LifeCycle{
		Command: commandOf(ctx, body.Reason), Device: r.Id, IfRevision: in.ifMatch(r.Params.IfMatch),
	}}
	if err := in.err(); err != nil {
		return nil, err
	}
	written, err := h.App.Devices.Reinstate(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.ReinstateDevice200JSONResponse{WrittenJSONResponse: writtenResponse(written)}, nil
}

func (h handlers) deviceCommand(
	ctx context.Context, do func(context.Context, access.Caller, devices.LifeCycle) (command.Receipt, error),
	id string, body *openapi.Reason, match *openapi.IfMatch,
) (command.Receipt, error) {
	var in reading
	c := devices.LifeCycle{Command: commandOf(ctx, valueOf(body).Reason), Device: id, IfRevision: in.ifMatch(match)}
	if err := in.err(); err != nil {
		return command.Receipt{}, err
	}
	return do(ctx, callOf(ctx).caller, c)
}

// device shows a device on a day; accountName may be empty where it is not known.
func (s *Server) device(d device.State, accountName string, revision eventlog.Revision, day calendar.Date) openapi.Device {
	dates := d.Dates(s.Rules)
	wire := openapi.Device{
		Uid: d.UID, SerialNumber: d.SerialNumber, Model: d.Model, Name: d.Name, Labels: list(d.Labels, same),
		Account:         openapi.Owner{Uid: d.Account, Name: present(accountName)},
		LifeCycleState:  openapi.LifeCycleState(d.LifeCycle),
		Offer:           string(d.Service.Offer),
		OfferType:       openapi.Offer(d.Service.Offer),
		FirstRegistered: present(d.FirstRegistered.String()),
		ServiceStart:    present(d.Service.Start.String()),
		ServiceEnd:      present(dates.GatewayEnd.String()),
		ServiceStatus:   present(d.ServiceStatus(day)),
		SupportExpiry:   present(dates.SupportExpiry.String()),
		WarrantyEnd:     present(dates.WarrantyEnd.String()),
		AutoRenew:       d.AutoRenews(),
		Iccid:           present(d.ICCID),
		IncludedUntil:   present(d.IncludedUntil().String()),
		ParkedUntil:     present(d.ParkedUntil().String()),
		OrderNumber:     present(d.OrderNumber()),
		Revision:        int64(revision),
	}
	if a := d.Allocation(); a.Source != "" {
		wire.Allocation = &openapi.ServiceAllocation{Kind: openapi.ServiceAllocationKind(a.Source), Until: a.Until.String()}
	}
	switch d.Factor.Kind {
	case device.IMEI:
		wire.Imei = &d.Factor.Value
	case device.MAC:
		wire.Mac = &d.Factor.Value
	case device.ESN:
		wire.Esn = &d.Factor.Value
	}
	return wire
}

func (s *Server) deviceRow(day calendar.Date) func(query.DeviceRow) openapi.Device {
	return func(r query.DeviceRow) openapi.Device { return s.device(r.State, r.AccountName, r.Revision, day) }
}
