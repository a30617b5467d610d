package view

import (
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/api/client"
	"github.com/fleetledger/fleetledger/api/openapi"
)

// Webhooks are those of an account.
type Webhooks struct {
	Frame   Frame
	Items   []openapi.Webhook
	Made    *openapi.WebhookWithSecret // shown this once
	Problem *client.Problem
	Typed   url.Values
}

// Webhook is one with its latest deliveries.
type Webhook struct {
	Frame      Frame
	Webhook    openapi.Webhook
	Deliveries openapi.WebhookDeliveryList
	From       int
	Tested     *openapi.WebhookDelivery // just now
	Secret     string                   // a new one, shown this once
	Problem    *client.Problem
	Typed      url.Values
}

// WebhooksPath is the page of an account's webhooks, empty being the reader's own.
func WebhooksPath(account, done string) string { return hookPath("/webhooks", account, done) }

// WebhookPath is the page of a webhook.
func WebhookPath(id uuid.UUID, account, done string) string {
	return hookPath("/webhooks/"+id.String(), account, done)
}

func hookPath(path, account, done string) string {
	query := url.Values{}
	if account != "" {
		query.Set("account", account)
	}
	if done != "" {
		query.Set("done", done)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

func (p Webhooks) path() string { return WebhooksPath(p.Frame.Query.Get("account"), "") }

func (p Webhooks) of(w openapi.Webhook) string {
	return WebhookPath(w.Id, p.Frame.Query.Get("account"), "")
}

func (p Webhook) path() string {
	return WebhookPath(p.Webhook.Id, p.Frame.Query.Get("account"), "")
}

func (p Webhook) all() string { return WebhooksPath(p.Frame.Query.Get("account"), "") }

// hookState says how a webhook is doing, and its tone.
func hookState(w openapi.Webhook) (text, tone string) {
	switch {
	case w.DisabledBecause != nil:
		return disabledBecause(*w.DisabledBecause), "red"
	case w.FailedAttempts > 0:
		return "tries again: " + strconv.Itoa(w.FailedAttempts) + " attempts have failed", "amber"
	}
	return "told of events", "green"
}

// hookSigns tell tones apart without their colours.
var hookSigns = map[string]string{"red": "cross", "amber": "warn", "green": "check"}

func disabledBecause(why string) string {
	switch why {
	case "failing":
		return "disabled: it failed for too long"
	case "answered_gone":
		return "disabled: it answered 410 Gone"
	case "account_ended":
		return "disabled: the account is not in use"
	case "position_lost":
		return "disabled: the log was restored, say where to go on"
	}
	return "disabled"
}

// tested says what became of a test.
func tested(d openapi.WebhookDelivery) string {
	if d.Delivered {
		return "The test was " + delivered(d) + "."
	}
	return "The test was not delivered: " + delivered(d) + "."
}

// delivered says what became of an attempt.
func delivered(d openapi.WebhookDelivery) string {
	text := "delivered"
	if d.Failure != nil {
		text = d.Reason
		if text == "" {
			text = *d.Failure
		}
	}
	if d.Status != nil {
		text += ", status " + strconv.Itoa(*d.Status)
	}
	return text
}
