package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
)

func (h handlers) ApplyRenewal(ctx context.Context, r openapi.ApplyRenewalRequestObject) (openapi.ApplyRenewalResponseObject, error) {
	c, err := renewalAnswer(ctx, r.Id, r.Body)
	if err != nil {
		return nil, err
	}
	c.Atomic = valueOf(r.Params.Atomic)
	result, err := h.App.Renewals.Apply(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.ApplyRenewal200JSONResponse{
		Body:    h.bulkResult(result, domain.OutcomeRenewed, c.DryRun),
		Headers: openapi.ApplyRenewal200ResponseHeaders{XPosition: result.Position.String()},
	}, nil
}

func (h handlers) DeclineRenewal(ctx context.Context, r openapi.DeclineRenewalRequestObject) (openapi.DeclineRenewalResponseObject, error) {
	c, err := renewalAnswer(ctx, r.Id, r.Body)
	if err != nil {
		return nil, err
	}
	written, err := h.App.Renewals.Decline(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.DeclineRenewal200JSONResponse{WrittenJSONResponse: writtenResponse(written)}, nil
}

func (h handlers) WithdrawRenewal(ctx context.Context, r openapi.WithdrawRenewalRequestObject) (openapi.WithdrawRenewalResponseObject, error) {
	c, err := renewalAnswer(ctx, r.Id, r.Body)
	if err != nil {
		return nil, err
	}
	written, err := h.App.Renewals.Withdraw(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	return openapi.WithdrawRenewal200JSONResponse{WrittenJSONResponse: writtenResponse(written)}, nil
}

// renewalAnswer reads what is done about an order that waits. Devices that are
// named, but none, are no devices.
func renewalAnswer(ctx context.Context, id uuid.UUID, b *openapi.RenewalAnswer) (renewals.Answer, error) {
	body := valueOf(b)
	c := renewals.Answer{
		Command: commandOf(ctx, body.Reason), Renewal: id, Devices: valueOf(body.Devices),
	}
	if body.Devices != nil && len(c.Devices) == 0 {
		return c, domain.Refuse(domain.At("/devices", []domain.Problem{device.SelectionEmpty()})...)
	}
	return c, nil
}
