package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
)

func (h handlers) ChangeDevices(ctx context.Context, r openapi.ChangeDevicesRequestObject) (openapi.ChangeDevicesResponseObject, error) {
	c := devices.ChangeMany{
		Command: commandOf(ctx, r.Body.Reason), Action: devices.Action(r.Body.Action), Devices: r.Body.Devices,
		Atomic: valueOf(r.Params.Atomic),
	}
	if l := r.Body.Labels; l != nil {
		c.Labels = device.Labels{Set: l.Set, Add: valueOf(l.Add), Remove: valueOf(l.Remove)}
	}
	if asOperation(len(c.Devices), r.Params.Prefer) {
		accepted, err := h.submit(ctx, operations.Submission{Command: c.Command, Kind: ports.OperationDeviceChange, Change: c})
		if err != nil {
			return nil, err
		}
		return openapi.ChangeDevices202JSONResponse{AcceptedJSONResponse: accepted}, nil
	}
	result, err := h.App.Devices.ChangeMany(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.ChangeDevices200JSONResponse{
		Body:    h.bulkResult(result, domain.OutcomeChanged, c.DryRun),
		Headers: openapi.ChangeDevices200ResponseHeaders{XPosition: result.Position.String()},
	}, nil
}
