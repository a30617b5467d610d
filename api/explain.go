package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/domain/device"
)

func (h handlers) ExplainDevice(ctx context.Context, r openapi.ExplainDeviceRequestObject) (openapi.ExplainDeviceResponseObject, error) {
	var in reading
	fresh := in.freshness(h.Clock.Now(), r.Params.MinPosition, r.Params.AsOf)
	if err := in.err(); err != nil {
		return nil, err
	}
	found, err := h.App.Devices.Explain(ctx, callOf(ctx).caller, r.Id, fresh)
	if err != nil {
		return nil, err
	}
	// The log itself is never behind: what was wanted is reached.
	reached := fresh.MinPosition
	if reached.Before(found.Position) {
		reached = found.Position
	}
	return openapi.ExplainDevice200JSONResponse{
		Body:    openapi.Explanation{Device: found.Device, Day: found.Day.String(), Fields: list(found.Fields, explainedField)},
		Headers: openapi.ExplainDevice200ResponseHeaders{XPosition: reached.String()},
	}, nil
}

func explainedField(f devices.ExplainedField) openapi.ExplainedField {
	e := f.Event
	return openapi.ExplainedField{
		Field: f.Field, Value: f.Value, Since: instant(f.Since),
		Event: openapi.ExplainingEvent{
			Id: present(e.ID), Type: present(e.Type), Reason: e.Reason, Redacted: e.Redacted, ToCome: e.ToCome,
			Actor: openapi.Actor{Kind: string(e.Actor.Kind), Id: e.Actor.ID, Account: present(e.Actor.Account)},
		},
		Events: list(f.Events, func(id uuid.UUID) uuid.UUID { return id }),
		Rule:   explainingRule(f.Because),
	}
}

// explainingRule is nil where an event alone tells the value.
func explainingRule(b device.Because) *openapi.ExplainingRule {
	if b.Rule == "" {
		return nil
	}
	return &openapi.ExplainingRule{
		Name: string(b.Rule), Version: present(b.Version), Text: b.Text,
		Inputs: list(b.Inputs, func(i device.Input) openapi.RuleInput { return openapi.RuleInput{Name: i.Name, Value: i.Value} }),
	}
}
