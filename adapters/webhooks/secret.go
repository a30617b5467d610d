package webhooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
)

const (
	secretPrefix = "whsec_"
	redacted     = secretPrefix + "(redacted)"
)

// Secret signs messages. It does not show itself when it is printed or logged, by
// whatever verb; Reveal does.
type Secret struct {
	// Behind a function because fmt calls no methods of what other structs' unexported
	// fields hold, and prints what it finds there, behind pointers, too.
	key func() []byte
}

// NewSecret is the secret with a key of 24 to 64 bytes.
func NewSecret(key []byte) Secret { return Secret{func() []byte { return key }} }

// Reveal is the secret as whoever verifies signatures needs it: "whsec_" and base64.
func (s Secret) Reveal() string {
	if s.key == nil {
		return ""
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(s.key())
}

// sign is the signature of a text, with its version.
func (s Secret) sign(text []byte) string {
	mac := hmac.New(sha256.New, s.key())
	mac.Write(text)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// String does not show the secret.
func (Secret) String() string { return redacted }

// Format does not show the secret.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) }

// LogValue does not show the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
