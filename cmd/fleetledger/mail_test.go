package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/mail/smtptest"
)

// The invitation of an account comes over SMTP, once, also when the mail server
// was away at first and the service was restarted meanwhile; its token opens the
// account.
func TestMailsOverSMTP(t *testing.T) {
	t.Parallel()
	server := smtptest.Start(t, smtptest.Options{})
	server.Stop()
	args := []string{"--smtp-url", "smtp://" + server.Addr, "--mail-from", "Fleetledger <desk@fleet.example>"}
	dir := t.TempDir()
	s := serve(t, dir, args...)
	s.reseller("Summit Wireless")
	s.stop()
	server = smtptest.Start(t, smtptest.Options{Addr: server.Addr})
	s = serve(t, dir, args...)
	got := <-server.Messages
	require.Equal(t, "desk@fleet.example", got.From)
	token := regexp.MustCompile(`/activate/(\S+)`).FindStringSubmatch(strings.ReplaceAll(got.Text, "=\r\n", ""))
	require.NotNil(t, token, got.Text)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range files {
		require.NotEqual(t, "outbox", f.Name())
	}
	when(s.client("").GetActivation(t.Context(), token[1])).Then(t)
	require.Empty(t, server.Messages)
}
