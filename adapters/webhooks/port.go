package webhooks

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/fleetledger/fleetledger/app/ports"
)

// Port is a Sender as the service uses it.
type Port struct{ *Sender }

var _ ports.WebhookSender = Port{}

// Check implements ports.WebhookSender.
func (p Port) Check(address string) string {
	if err := p.Sender.Check(address); err != nil {
		return strings.TrimSuffix(err.Error(), ".")
	}
	return ""
}

// Send implements ports.WebhookSender. The time of the attempt is the machine's:
// receivers compare it with theirs, whatever a sandbox's clock shows.
func (p Port) Send(ctx context.Context, address string, m ports.WebhookMessage) (ports.Delivery, error) {
	secrets := make([]Secret, len(m.Secrets))
	for i, key := range m.Secrets {
		secrets[i] = NewSecret(key)
	}
	answer, err := p.Sender.Send(ctx, address, Message{ID: m.ID.String(), At: time.Now(), Body: m.Body, Secrets: secrets})
	d := ports.Delivery{Took: answer.Took, Status: answer.Status, Answer: answer.Body}
	if failed, ok := errors.AsType[*Error](err); ok {
		d.Failure, d.Reason, err = string(failed.Kind), failed.Reason, nil
	}
	return d, err
}

// Shown is a key in the form that receivers configure: "whsec_" and base64.
func Shown(key []byte) string { return NewSecret(key).Reveal() }
