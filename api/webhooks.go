package api

import (
	"context"
	"time"

	sending "github.com/fleetledger/fleetledger/adapters/webhooks"
	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/webhooks"
)

var webhookOrders = orders[ports.Webhook]{
	"label":     byName(func(w ports.Webhook) string { return w.Label }),
	"createdAt": byTime(func(w ports.Webhook) time.Time { return w.CreatedAt }),
}

func (h handlers) ListWebhooks(ctx context.Context, r openapi.ListWebhooksRequestObject) (openapi.ListWebhooksResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, webhookOrders.keys())
	if err := in.err(); err != nil {
		return nil, err
	}
	all, err := h.App.Webhooks.List(ctx, callOf(ctx).caller)
	if err != nil {
		return nil, err
	}
	found, err := paged(all, page, webhookOrders)
	if err != nil {
		return nil, err
	}
	return openapi.ListWebhooks200JSONResponse{Total: found.Total, NextCursor: present(found.NextCursor), Items: list(found.Items, shownWebhook)}, nil
}

func (h handlers) CreateWebhook(ctx context.Context, r openapi.CreateWebhookRequestObject) (openapi.CreateWebhookResponseObject, error) {
	made, err := h.App.Webhooks.Create(ctx, callOf(ctx).caller, webhooks.Create{
		Command: commandOf(ctx, nil), Label: r.Body.Label, Address: r.Body.Address, Types: valueOf(r.Body.Types), About: valueOf(r.Body.About),
	})
	return openapi.CreateWebhook201JSONResponse(webhookWithSecret(made)), err
}

func (h handlers) GetWebhook(ctx context.Context, r openapi.GetWebhookRequestObject) (openapi.GetWebhookResponseObject, error) {
	w, err := h.App.Webhooks.Get(ctx, callOf(ctx).caller, r.Webhook)
	return openapi.GetWebhook200JSONResponse(shownWebhook(w)), err
}

func (h handlers) EditWebhook(ctx context.Context, r openapi.EditWebhookRequestObject) (openapi.EditWebhookResponseObject, error) {
	w, err := h.App.Webhooks.Edit(ctx, callOf(ctx).caller, r.Webhook, webhooks.Edit{
		Label: r.Body.Label, Address: r.Body.Address, Types: r.Body.Types, Enabled: r.Body.Enabled,
	})
	return openapi.EditWebhook200JSONResponse(shownWebhook(w)), err
}

func (h handlers) RemoveWebhook(ctx context.Context, r openapi.RemoveWebhookRequestObject) (openapi.RemoveWebhookResponseObject, error) {
	return openapi.RemoveWebhook204Response{}, h.App.Webhooks.Remove(ctx, callOf(ctx).caller, r.Webhook)
}

// defaultOverlap is how long the secret before signs beside a new one.
const defaultOverlap = 24

func (h handlers) RotateWebhookSecret(ctx context.Context, r openapi.RotateWebhookSecretRequestObject) (openapi.RotateWebhookSecretResponseObject, error) {
	hours := defaultOverlap
	if r.Body != nil && r.Body.OverlapHours != nil {
		hours = *r.Body.OverlapHours
	}
	made, err := h.App.Webhooks.Rotate(ctx, callOf(ctx).caller, r.Webhook, commandOf(ctx, nil), time.Duration(hours)*time.Hour)
	return openapi.RotateWebhookSecret200JSONResponse(webhookWithSecret(made)), err
}

func (h handlers) TestWebhook(ctx context.Context, r openapi.TestWebhookRequestObject) (openapi.TestWebhookResponseObject, error) {
	var d ports.Delivery
	err := Aside(ctx, func() (err error) {
		d, err = h.App.Webhooks.Test(ctx, callOf(ctx).caller, r.Webhook)
		return err
	})
	return openapi.TestWebhook200JSONResponse(shownDelivery(d)), err
}

func (h handlers) ReplayWebhook(ctx context.Context, r openapi.ReplayWebhookRequestObject) (openapi.ReplayWebhookResponseObject, error) {
	w, err := h.App.Webhooks.Replay(ctx, callOf(ctx).caller, r.Webhook, valueOf(r.Body.LastEventId))
	return openapi.ReplayWebhook200JSONResponse(shownWebhook(w)), err
}

func (h handlers) ListWebhookDeliveries(ctx context.Context, r openapi.ListWebhookDeliveriesRequestObject) (openapi.ListWebhookDeliveriesResponseObject, error) {
	var in reading
	page := in.page(r.Params.Limit, r.Params.Cursor, r.Params.Sort, nil)
	if err := in.err(); err != nil {
		return nil, err
	}
	found, err := h.App.Webhooks.Deliveries(ctx, callOf(ctx).caller, r.Webhook, page)
	if err != nil {
		return nil, err
	}
	return openapi.ListWebhookDeliveries200JSONResponse{
		Total: found.Total, NextCursor: present(found.NextCursor), Items: list(found.Items, shownDelivery),
	}, nil
}

func shownWebhook(w ports.Webhook) openapi.Webhook {
	return openapi.Webhook{
		Id: w.ID, Account: present(w.Account), Label: w.Label, Address: w.Address, Types: list(w.Types, same[string]), About: present(w.About),
		Enabled: w.Ended == "", DisabledBecause: present(w.Ended), DisabledAt: instant(w.EndedAt), LastEventId: present(w.LastEvent),
		FailedAttempts: w.Attempts, FailingSince: instant(w.FailingSince), FormerSecretUntil: instant(w.FormerUntil), CreatedAt: w.CreatedAt,
	}
}

func webhookWithSecret(made webhooks.Created) openapi.WebhookWithSecret {
	w := shownWebhook(made.Webhook)
	return openapi.WebhookWithSecret{
		Id: w.Id, Account: w.Account, Label: w.Label, Address: w.Address, Types: w.Types, About: w.About,
		Enabled: w.Enabled, DisabledBecause: w.DisabledBecause, DisabledAt: w.DisabledAt, LastEventId: w.LastEventId,
		FailedAttempts: w.FailedAttempts, FailingSince: w.FailingSince, FormerSecretUntil: w.FormerSecretUntil, CreatedAt: w.CreatedAt,
		Secret: sending.Shown(made.Key),
	}
}

func shownDelivery(d ports.Delivery) openapi.WebhookDelivery {
	return openapi.WebhookDelivery{
		MessageId: d.Message, Type: d.Type, Attempt: d.Attempt, At: d.At, TookMs: int(d.Took.Milliseconds()), Delivered: d.Failure == "",
		Status: present(d.Status), Failure: present(d.Failure), Reason: d.Reason, Answer: d.Answer,
	}
}
