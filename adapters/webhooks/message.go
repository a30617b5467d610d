package webhooks

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Message is what is sent.
type Message struct {
	// ID is the same in each attempt; receivers recognise repetitions by it. Letters,
	// digits, "-" and "_".
	ID string
	// At is the time of the attempt, not of what happened: receivers refuse messages
	// that are older than minutes.
	At time.Time
	// Body is JSON.
	Body []byte
	// Secrets sign it each: two while one follows the other.
	Secrets []Secret
}

const (
	maxID      = 256
	idAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)

// header has what is said of the message besides its body.
func (m Message) header() (http.Header, error) {
	// A dot would let an id and a time be read in two ways in what is signed.
	if m.ID == "" || len(m.ID) > maxID || strings.Trim(m.ID, idAlphabet) != "" {
		return nil, fmt.Errorf("webhook message: %q is not an id", m.ID)
	}
	if len(m.Secrets) == 0 {
		return nil, errors.New("webhook message: nothing to sign with")
	}
	at := strconv.FormatInt(m.At.Unix(), 10)
	signed := append([]byte(m.ID+"."+at+"."), m.Body...)
	signatures := make([]string, len(m.Secrets))
	for i, secret := range m.Secrets {
		if secret.key == nil {
			return nil, errors.New("webhook message: a secret is empty")
		}
		signatures[i] = secret.sign(signed)
	}
	h := http.Header{}
	h.Set("Content-Type", "application/json")
	h.Set("Webhook-Id", m.ID)
	h.Set("Webhook-Timestamp", at)
	h.Set("Webhook-Signature", strings.Join(signatures, " "))
	// Not sent, as it is empty. It lets net/http send the message again when a kept
	// connection turns out to be closed: receivers know repetitions by the id.
	h["X-Idempotency-Key"] = nil
	return h, nil
}
