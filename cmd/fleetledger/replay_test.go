package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// It says what it wants, in words that are not Go's.
func TestReplayWantsAnInstant(t *testing.T) {
	t.Parallel()
	out, err := program(t.Context(), "replay", "device", "LD72997819284879", "--as-of", "yesterday", "--data-dir", t.TempDir()).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), `--as-of: "yesterday" is neither an instant such as 2026-01-31T12:00:00Z nor a date such as 2026-01-31, which means its end`)
}
