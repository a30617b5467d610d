package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
)

func (h handlers) RenewDevices(ctx context.Context, r openapi.RenewDevicesRequestObject) (openapi.RenewDevicesResponseObject, error) {
	var in reading
	c := in.renewal(ctx, r.Body)
	c.Atomic = valueOf(r.Params.Atomic)
	if err := in.err(); err != nil {
		return nil, err
	}
	if asOperation(len(c.Devices), r.Params.Prefer) {
		accepted, err := h.submit(ctx, operations.Submission{Command: c.Command, Kind: ports.OperationRenewal, Renewal: c})
		if err != nil {
			return nil, err
		}
		return openapi.RenewDevices202JSONResponse{AcceptedJSONResponse: accepted}, nil
	}
	result, err := h.App.Renewals.Renew(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.RenewDevices200JSONResponse{
		Body:    h.bulkResult(result, domain.OutcomeRenewed, c.DryRun),
		Headers: openapi.RenewDevices200ResponseHeaders{XPosition: result.Position.String()},
	}, nil
}

func (h handlers) ReverseRenewal(ctx context.Context, r openapi.ReverseRenewalRequestObject) (openapi.ReverseRenewalResponseObject, error) {
	c := renewals.Reverse{
		Command: commandOf(ctx, r.Body.Reason), Renewal: r.Id, Devices: valueOf(r.Body.Devices),
		Atomic: valueOf(r.Params.Atomic),
	}
	if r.Body.Devices != nil && len(c.Devices) == 0 {
		return nil, domain.Refuse(device.SelectionEmpty())
	}
	result, err := h.App.Renewals.Reverse(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	body, position := h.bulkResult(result, domain.OutcomeReversed, c.DryRun), result.Position.String()
	if c.DryRun {
		return openapi.ReverseRenewal200JSONResponse{Body: body, Headers: openapi.ReverseRenewal200ResponseHeaders{XPosition: position}}, nil
	}
	return openapi.ReverseRenewal201JSONResponse{Body: body, Headers: openapi.ReverseRenewal201ResponseHeaders{XPosition: position}}, nil
}

// renewal reads a renewal order.
func (r *reading) renewal(ctx context.Context, b *openapi.RenewalRequest) renewals.Renew {
	return renewals.Renew{
		Command: commandOf(ctx, b.Reason), Devices: b.Devices,
		Term: r.term("/term", b.Term), Until: r.date("/until", b.Until), Align: r.alignment(b.AlignTo),
		Offer: catalogue.Offer(valueOf(b.Offer)), OrderNumber: valueOf(b.OrderNumber), Note: valueOf(b.Note),
	}
}

// alignment reads the day or rule that renewals align to; nil is none.
func (r *reading) alignment(v *string) device.Alignment {
	if v == nil {
		return device.Alignment{}
	}
	a, problems := device.ParseAlignment(*v)
	if len(problems) == 0 && a == (device.Alignment{}) {
		problems = []domain.Problem{{Code: device.CodeAlignInvalid, Detail: "What to align to is missing."}}
	}
	for _, p := range problems {
		r.wrong("/alignTo", p.Code, p.Detail)
	}
	return a
}
