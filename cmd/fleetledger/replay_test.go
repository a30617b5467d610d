package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/domain/partnership"
)

// It says what it wants, in words that are not Go's.
func TestReplayWantsAnInstant(t *testing.T) {
	t.Parallel()
	out, err := program(t.Context(), "replay", "device", "LD72997819284879", "--as-of", "yesterday", "--data-dir", t.TempDir()).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), `--as-of: "yesterday" is neither an instant such as 2026-01-31T12:00:00Z nor a date such as 2026-01-31, which means its end`)
}

// Each kind of thing is told event by event, as text and as JSON, up to an instant.
func TestReplayTellsTheSameStory(t *testing.T) {
	t.Parallel()
	long(t)
	s := serve(t, t.TempDir())
	reseller, desk := s.reseller("Summit Wireless")
	customer := s.customer(s.client(desk), "Delta Rail", "complete")
	partner := partnership.UID(reseller, customer)
	run := func(args ...string) (string, error) {
		out, err := program(t.Context(), append(append([]string{"replay"}, args...), "--data-dir", s.dir)...).CombinedOutput()
		return string(out), err
	}
	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"account":     {[]string{"account", customer.String()}, []string{"AccountCreated", "by token", "state", "Delta Rail"}},
		"partnership": {[]string{"partnership", partner.String()}, []string{"PartnershipEstablished", "state"}},
		"as JSON":     {[]string{"account", customer.String(), "--json"}, []string{`"type":"AccountCreated"`, `{"state":{`}},
	} {
		out, err := run(c.args...)
		require.NoError(t, err, name, out)
		for _, says := range c.says {
			require.Contains(t, out, says, name)
		}
	}
	for _, args := range [][]string{{"transfer", customer.String()}, {"partnership", customer.String()}, {"account", customer.String(), "--as-of", "2020-01-01"}} {
		out, err := run(args...)
		require.Error(t, err)
		require.Contains(t, out, "nothing ")
		require.Contains(t, out, "this "+args[0])
	}
	out, err := run("account", "somebody")
	require.Error(t, err)
	require.Contains(t, out, "<uid>: invalid UUID")
}
