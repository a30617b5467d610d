package api

import (
	"context"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

func (h handlers) PlanTransfer(ctx context.Context, r openapi.PlanTransferRequestObject) (openapi.PlanTransferResponseObject, error) {
	p, err := h.App.Transfers.Plan(ctx, callOf(ctx).caller, transfers.Transfer{
		Command: commandOf(ctx, r.Body.Reason),
		From:    r.Body.From, To: r.Body.To, Devices: r.Body.Devices, Offer: catalogue.Offer(valueOf(r.Body.Offer)),
	})
	if err != nil {
		return nil, err
	}
	return openapi.PlanTransfer201JSONResponse{
		Body: transferPlan(p),
		Headers: openapi.PlanTransfer201ResponseHeaders{
			Location: "/v1/transfer-plans/" + p.Plan.Plan.String(), XPosition: p.Position.String(),
		},
	}, nil
}

func (h handlers) GetTransferPlan(ctx context.Context, r openapi.GetTransferPlanRequestObject) (openapi.GetTransferPlanResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	if err := in.err(); err != nil {
		return nil, err
	}
	p, err := h.App.Transfers.TransferPlan(ctx, callOf(ctx).caller, r.Id)
	if err != nil {
		return nil, err
	}
	return openapi.GetTransferPlan200JSONResponse{
		Body:    transferPlan(p),
		Headers: openapi.GetTransferPlan200ResponseHeaders{XPosition: later(reached, p.Position).String()},
	}, nil
}

func transferPlan(p transfers.TransferPlan) openapi.TransferPlan {
	wire := openapi.TransferPlan{
		Id: p.Plan.Plan, From: p.From, To: p.To, Offer: present(string(p.Offer)), Reason: p.Reason, Policy: policy(p.Policy),
		CreatedAt: p.CreatedAt, Day: p.AsOf().String(), ExpiresAt: p.Expires.UTC(), Results: make([]openapi.PlannedDevice, len(p.Devices)),
	}
	wire.Summary.Total = len(p.Devices)
	for i, d := range p.Devices {
		one := openapi.PlannedDevice{Index: i, Verdict: openapi.PlannedDeviceVerdictRefused, Problems: list(d.Problems, itemProblem)}
		one.Uid, one.SerialNumber = called(d.Named, d.SerialNumber)
		if d.Resulting != nil {
			one.Verdict, one.Resulting = openapi.PlannedDeviceVerdictTransferable, resulting(*d.Resulting)
			wire.Summary.Transferable++
		} else {
			wire.Summary.Refused++
		}
		wire.Results[i] = one
	}
	return wire
}

func policy(p device.Policy) openapi.Policy {
	return openapi.Policy{Name: p.Name, Version: p.Version, Included: p.Included}
}

func resulting(r device.Resulting) *openapi.ResultingService {
	return &openapi.ResultingService{
		Offer: openapi.Offer(r.Service.Offer), ServiceStart: r.Service.Start.String(), ServiceEnd: r.Service.End.String(),
		AutoRenew: r.Service.AutoRenew, SupportExpiry: present(r.SupportExpiry.String()),
		WarrantyEnd: present(r.WarrantyEnd.String()), ParkedUntil: present(r.ParkedUntil.String()),
	}
}

// called gives the uid and serial number of a device as far as they are known,
// else the name that the request used.
func called(n transfer.Named, serial string) (uid, serialNumber *string) {
	switch {
	case serial != "":
		return present(n.Device.String()), &serial
	case uuidPattern.MatchString(n.Name):
		return &n.Name, nil
	}
	return nil, present(n.Name)
}
