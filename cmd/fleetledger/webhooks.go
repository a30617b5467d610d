package main

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/jobs"
	webhookstore "github.com/fleetledger/fleetledger/adapters/postgres/webhooks"
	sending "github.com/fleetledger/fleetledger/adapters/webhooks"
	"github.com/fleetledger/fleetledger/api"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/webhooks"
)

// webhooksConfig says where webhooks may lead, and for how long they are tried.
type webhooksConfig struct {
	WebhookAllow  []string      `help:"Networks that are not public and to which webhooks may lead all the same, such as 10.0.0.0/8; only there by http://, too." env:"FLEETLEDGER_WEBHOOK_ALLOW" placeholder:"NETWORK"`
	WebhookForbid []string      `help:"Networks to which no webhook leads, such as the service's own public addresses." env:"FLEETLEDGER_WEBHOOK_FORBID" placeholder:"NETWORK"`
	WebhookGiveUp time.Duration `help:"How long an event is tried before its webhook is disabled." env:"FLEETLEDGER_WEBHOOK_GIVE_UP" default:"120h" placeholder:"DURATION"`
}

// deliveriesKept is how long attempts are listed.
const deliveriesKept = 30 * 24 * time.Hour

func (c *webhooksConfig) validateWebhooks(refuse func(string, string, ...any)) {
	for variable, all := range map[string][]string{"FLEETLEDGER_WEBHOOK_ALLOW": c.WebhookAllow, "FLEETLEDGER_WEBHOOK_FORBID": c.WebhookForbid} {
		if _, err := networks(all); err != nil {
			refuse(variable, "%v", err)
		}
	}
	if c.WebhookGiveUp <= 0 {
		refuse("FLEETLEDGER_WEBHOOK_GIVE_UP", "must be more than nothing")
	}
}

// networks reads networks and single addresses.
func networks(texts []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		network, err := netip.ParsePrefix(text)
		if address, addressErr := netip.ParseAddr(text); addressErr == nil && address.Zone() == "" {
			address = address.Unmap()
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network such as 10.1.0.0/24", text)
		}
		all = append(all, network.Masked())
	}
	return all, nil
}

// webhooks are the options of the webhooks.
func (e *engine) webhooks(c *Config, mailer ports.Mailer) webhooks.Options {
	allow, _ := networks(c.WebhookAllow) // validated
	forbid, _ := networks(c.WebhookForbid)
	publicURL := strings.TrimSuffix(c.PublicURL, "/")
	return webhooks.Options{
		Store:  webhookstore.NewStore(e.pool),
		Sender: sending.Port{Sender: sending.NewSender(sending.Options{Allow: allow, Forbid: forbid, UserAgent: productName + "-Webhooks"})},
		Encode: api.EncodeEvents(publicURL, e.identity.Epoch),
		Queue:  func(ctx context.Context, ids []uuid.UUID) error { return e.jobs.QueueWebhooks(ctx, ids) },
		Hurry:  func(ctx context.Context, id uuid.UUID) error { return e.jobs.HurryWebhook(ctx, id) },
		Mailer: mailer, PublicURL: publicURL, GiveUp: c.WebhookGiveUp,
	}
}

// oldDeliveries is the chore that forgets them.
func (e *engine) oldDeliveries() jobs.Chore {
	return jobs.Remove("deliveries of webhooks", func(ctx context.Context, limit int) (int64, error) {
		return webhookstore.NewStore(e.pool).RemoveDeliveries(ctx, deliveriesKept, limit)
	})
}
