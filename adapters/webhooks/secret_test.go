package webhooks_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/webhooks"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	key := []byte("0123456789abcdefghijklmnopqrstuv")
	require.Equal(t, "whsec_"+base64.StdEncoding.EncodeToString(key), webhooks.NewSecret(key).Reveal())
	require.Empty(t, webhooks.Secret{}.Reveal())
}

// A secret does not get into a log, however it is printed, and whatever it is in.
func TestSecretsDoNotShow(t *testing.T) {
	t.Parallel()
	key := []byte("0123456789abcdefghijklmnopqrstuv")
	secret := webhooks.NewSecret(key)
	type exported struct{ Secret webhooks.Secret }
	type unexported struct{ secret webhooks.Secret }
	var all bytes.Buffer
	for _, value := range []any{secret, &secret, exported{secret}, unexported{secret}, &unexported{secret}, []webhooks.Secret{secret}, webhooks.Message{Secrets: []webhooks.Secret{secret}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%o", "%T", "%p", "%t", "% x"} {
			fmt.Fprintf(&all, verb+"\n", value)
		}
		slog.New(slog.NewTextHandler(&all, nil)).Info("a message", "value", value)
		slog.New(slog.NewJSONHandler(&all, nil)).Info("a message", "value", value)
		text, err := json.Marshal(value)
		require.NoError(t, err)
		all.Write(text)
	}
	require.Contains(t, all.String(), "whsec_(redacted)")
	for _, shown := range []string{
		string(key), secret.Reveal(), base64.StdEncoding.EncodeToString(key), fmt.Sprintf("%x", key[:8]), fmt.Sprintf("%X", key[:8]), fmt.Sprintf("% x", key[:8]),
		"48 49 50 51", "48, 49, 50, 51", "0x30, 0x31", "110000 110001", "60 61 62",
	} {
		require.NotContains(t, all.String(), shown)
	}
}
