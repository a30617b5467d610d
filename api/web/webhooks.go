package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/web/view"
)

// hooksOf has requests act for the account that a page of webhooks is about: the one
// named, else the reader's own; the operator's own webhooks are of no account.
func (v *visit) hooksOf() (client.RequestEditorFn, error) {
	uid := v.query.Get("account")
	if uid == "" && v.me.Account != nil {
		uid = v.me.Account.String()
	}
	if _, err := uuid.Parse(uid); uid != "" && err != nil {
		return nil, errNoPage
	}
	return func(_ context.Context, r *http.Request) error {
		if uid != "" {
			r.Header.Set("X-Account", uid)
		}
		return nil
	}, nil
}

// webhooks lists an account's.
func (d *Desk) webhooks(ctx context.Context, v *visit) error {
	return d.showWebhooks(ctx, v, view.Webhooks{})
}

func (d *Desk) showWebhooks(ctx context.Context, v *visit, page view.Webhooks) error {
	acting, err := v.hooksOf()
	if err != nil {
		return err
	}
	all, err := v.fleet.ListWebhooks(ctx, nil, acting)
	if err != nil {
		return err
	}
	page.Items = all.JSON200.Items
	page.Frame = v.frame(errorTitle("Webhooks", page.Problem), "Administration")
	return v.show(statusOf(page.Problem), view.WebhooksPage(page))
}

// makeWebhook makes one; its secret is shown on the page that answers.
func (d *Desk) makeWebhook(ctx context.Context, v *visit) error {
	acting, err := v.hooksOf()
	if err != nil {
		return err
	}
	form := v.r.PostForm
	wanted := client.NewWebhook{Label: form.Get("label"), Address: strings.TrimSpace(form.Get("address"))}
	if types := strings.FieldsFunc(form.Get("types"), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' }); len(types) > 0 {
		wanted.Types = &types
	}
	page := view.Webhooks{}
	made, err := v.fleet.CreateWebhook(ctx, nil, wanted, acting, v.once())
	switch page.Problem = refusal(err); {
	case page.Problem != nil:
		page.Typed = form
	case err != nil:
		return err
	default:
		page.Made = made.JSON201
	}
	return d.showWebhooks(ctx, v, page)
}

// webhook is one with its latest deliveries.
func (d *Desk) webhook(ctx context.Context, v *visit) error {
	return d.showWebhook(ctx, v, view.Webhook{})
}

func (d *Desk) showWebhook(ctx context.Context, v *visit, page view.Webhook) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	acting, err := v.hooksOf()
	if err != nil {
		return err
	}
	found, err := v.fleet.GetWebhook(ctx, id, nil, acting)
	if err != nil {
		return err
	}
	page.Webhook, page.From = *found.JSON200, v.from()
	deliveries, err := v.fleet.ListWebhookDeliveries(ctx, id, &client.ListWebhookDeliveriesParams{Cursor: given(v.query.Get("cursor")), Limit: pointer(rows)}, acting)
	if err != nil {
		return err
	}
	page.Deliveries = *deliveries.JSON200
	page.Frame = v.frame(errorTitle(page.Webhook.Label, page.Problem), "Administration")
	return v.show(statusOf(page.Problem), view.WebhookPage(page))
}

// changeWebhook carries out a form of its page.
func (d *Desk) changeWebhook(ctx context.Context, v *visit) error {
	id, err := uuid.Parse(v.r.PathValue("id"))
	if err != nil {
		return errNoPage
	}
	acting, err := v.hooksOf()
	if err != nil {
		return err
	}
	page, form, done := view.Webhook{}, v.r.PostForm, "changed"
	switch form.Get("do") {
	case "test":
		var tested *client.TestWebhookResponse
		if tested, err = v.fleet.TestWebhook(ctx, id, nil, acting, v.once()); err == nil {
			page.Tested = tested.JSON200
			return d.showWebhook(ctx, v, page)
		}
	case "enable", "disable":
		_, err = v.fleet.EditWebhook(ctx, id, nil, client.WebhookEdit{Enabled: pointer(form.Get("do") == "enable")}, acting, v.once())
	case "replay":
		behind := client.WebhookReplay{}
		if text := strings.TrimSpace(form.Get("behind")); text != "" {
			uid, bad := uuid.Parse(text)
			if bad != nil {
				err = unreadable("invalid_format", "#/behind", "This is not the id of an event.")
				break
			}
			behind.LastEventId = &uid
		}
		_, err = v.fleet.ReplayWebhook(ctx, id, nil, behind, acting, v.once())
	case "rotate":
		var rotated *client.RotateWebhookSecretResponse
		if rotated, err = v.fleet.RotateWebhookSecret(ctx, id, nil, client.SecretRotation{}, acting, v.once()); err == nil {
			page.Secret = rotated.JSON200.Secret
			return d.showWebhook(ctx, v, page)
		}
	case "remove":
		if _, err = v.fleet.RemoveWebhook(ctx, id, nil, acting, v.once()); err == nil {
			return v.to(view.WebhooksPath(v.query.Get("account"), "removed"))
		}
	default:
		return errNoPage
	}
	if page.Problem = refusal(err); page.Problem != nil {
		page.Typed = form
		return d.showWebhook(ctx, v, page)
	}
	if err != nil {
		return err
	}
	return v.to(view.WebhookPath(id, v.query.Get("account"), done))
}
