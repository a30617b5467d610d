package api

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/operations"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/app/transfers"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

func (h handlers) TransferDevices(ctx context.Context, r openapi.TransferDevicesRequestObject) (openapi.TransferDevicesResponseObject, error) {
	c, err := transferCommand(ctx, r)
	if err != nil {
		return nil, err
	}
	if asOperation(len(c.Devices), r.Params.Prefer) && c.Plan == uuid.Nil { // a plan is small enough to be done at once
		accepted, err := h.submit(ctx, operations.Submission{Command: c.Command, Kind: ports.OperationTransfer, Transfer: c})
		if err != nil {
			return nil, err
		}
		return openapi.TransferDevices202JSONResponse{AcceptedJSONResponse: accepted}, nil
	}
	result, err := h.App.Transfers.Transfer(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	body, position := h.bulkResult(result, domain.OutcomeTransferred, c.DryRun), result.Position.String()
	if c.DryRun || result.ID == uuid.Nil { // nothing was kept
		return openapi.TransferDevices200JSONResponse{Body: body, Headers: openapi.TransferDevices200ResponseHeaders{XPosition: position}}, nil
	}
	return openapi.TransferDevices201JSONResponse{
		Body:    body,
		Headers: openapi.TransferDevices201ResponseHeaders{Location: transferAt(result.ID), XPosition: position},
	}, nil
}

// transferCommand reads a transfer, or the plan to commit instead.
func transferCommand(ctx context.Context, r openapi.TransferDevicesRequestObject) (transfers.Transfer, error) {
	var in reading
	b := r.Body
	given := map[string]bool{"/from": b.From != nil, "/to": b.To != nil, "/devices": b.Devices != nil}
	for _, field := range []string{"/from", "/to", "/devices"} {
		switch {
		case b.PlanId == nil && !given[field]:
			in.wrong(field, codeFieldMissing, "The field is missing.")
		case b.PlanId != nil && given[field]:
			in.wrong(field, codeInvalidValue, "The plan says this.")
		}
	}
	if b.PlanId != nil && b.Offer != nil {
		in.wrong("/offer", codeInvalidValue, "The plan says this.")
	}
	return transfers.Transfer{
		Command: commandOf(ctx, b.Reason), Plan: valueOf(b.PlanId),
		From: valueOf(b.From), To: valueOf(b.To), Devices: valueOf(b.Devices), Offer: catalogue.Offer(valueOf(b.Offer)),
		DryRun: valueOf(r.Params.DryRun), Atomic: valueOf(r.Params.Atomic),
	}, in.err()
}

func (h handlers) ReverseTransfer(ctx context.Context, r openapi.ReverseTransferRequestObject) (openapi.ReverseTransferResponseObject, error) {
	c := transfers.Reverse{
		Command: commandOf(ctx, &r.Body.Reason), Transfer: r.Id, Devices: valueOf(r.Body.Devices),
		DryRun: valueOf(r.Params.DryRun), Atomic: valueOf(r.Params.Atomic),
	}
	result, err := h.App.Transfers.Reverse(ctx, callOf(ctx).caller, c)
	if err != nil {
		return nil, err
	}
	body, position := h.bulkResult(result, domain.OutcomeTransferred, c.DryRun), result.Position.String()
	if c.DryRun || result.ID == uuid.Nil { // nothing was kept
		return openapi.ReverseTransfer200JSONResponse{Body: body, Headers: openapi.ReverseTransfer200ResponseHeaders{XPosition: position}}, nil
	}
	return openapi.ReverseTransfer201JSONResponse{
		Body:    body,
		Headers: openapi.ReverseTransfer201ResponseHeaders{Location: transferAt(r.Id), XPosition: position},
	}, nil
}

func (h handlers) GetTransfer(ctx context.Context, r openapi.GetTransferRequestObject) (openapi.GetTransferResponseObject, error) {
	var in reading
	reached := in.minPosition(r.Params.MinPosition)
	page := in.page(r.Params.Limit, r.Params.Cursor, nil, nil)
	if err := in.err(); err != nil {
		return nil, err
	}
	record, err := h.App.Transfers.Get(ctx, callOf(ctx).caller, r.Id)
	if err != nil {
		return nil, err
	}
	start, end := 0, len(record.Items)
	if page.Cursor != "" {
		if start, err = strconv.Atoi(page.Cursor); err != nil || start < 0 || start > end {
			return nil, query.ErrBadCursor
		}
	}
	body := transferRecord(record)
	if start+page.Limit < end {
		end = start + page.Limit
		body.NextCursor = present(strconv.Itoa(end))
	}
	body.Results = body.Results[start:end]
	return openapi.GetTransfer200JSONResponse{
		Body:    body,
		Headers: openapi.GetTransfer200ResponseHeaders{XPosition: later(reached, record.Position).String()},
	}, nil
}

func transferAt(id uuid.UUID) string { return "/v1/transfers/" + id.String() }

func transferRecord(r transfers.Record) openapi.Transfer {
	return openapi.Transfer{
		Id: r.UID, From: r.From, To: r.To, Offer: present(string(r.Offer)), PlanId: present(r.Plan), Atomic: r.Atomic,
		Policy: policy(r.Policy), RequestedAt: r.RequestedAt, RequestedBy: askedBy(r.By),
		Summary: transferSummary(r.Items), Results: transferredDevices(r.Items),
		Reversals: list(r.Reversals, func(v transfers.ReversalRecord) openapi.Reversal {
			return openapi.Reversal{
				Id: v.UID, RequestedAt: v.RequestedAt, RequestedBy: askedBy(v.By),
				Summary: transferSummary(v.Items), Results: transferredDevices(v.Items),
			}
		}),
	}
}

func transferSummary(items []transfer.Item) openapi.Summary {
	counts := map[domain.Outcome]int{}
	for _, i := range items {
		counts[domain.Outcome(i.Outcome)]++
	}
	return summary(len(items), domain.OutcomeTransferred, func(o domain.Outcome) int { return counts[o] })
}

func transferredDevices(items []transfer.Item) []openapi.TransferredDevice {
	wire := make([]openapi.TransferredDevice, len(items))
	for i, item := range items {
		wire[i] = openapi.TransferredDevice{
			Index: i, Outcome: present(string(item.Outcome)), Problems: list(item.Problems, itemProblem), Reversal: present(item.Reversal),
		}
		wire[i].Uid, wire[i].SerialNumber = called(item.Named, item.SerialNumber)
		if !item.Resulting.Service.Start.IsZero() {
			wire[i].Resulting = resulting(item.Resulting)
		}
	}
	return wire
}

func askedBy(a transfers.Asked) *openapi.Asked {
	if a.At.IsZero() {
		return nil
	}
	return &openapi.Asked{Actor: openapi.Actor{Kind: string(a.Actor.Kind), Id: a.Actor.ID, Account: present(a.Actor.Account)}, Reason: a.Reason}
}
