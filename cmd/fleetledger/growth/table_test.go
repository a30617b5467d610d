package growth

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadmeHasTheTables(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	whole, err := In(string(readme), Section())
	require.NoError(t, err)
	require.Equal(t, whole, string(readme), "run go generate ./cmd/... and read what it changed")
}

func TestMarksMustBeThere(t *testing.T) {
	t.Parallel()
	whole, err := In("a\n"+begins+"old\n"+ends+"b\n", "new\n")
	require.NoError(t, err)
	require.Equal(t, "a\n"+begins+"new\n"+ends+"b\n", whole)
	for _, text := range []string{"", begins, ends, ends + begins} {
		_, err := In(text, "new\n")
		require.Error(t, err)
	}
}

func TestNumbersAreReadable(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"0": amount(0), "0.67": amount(0.6719), "5,200": amount(5_200), "12,000": amount(12_345), "8.8": amount(8.77), "77": amount(77.4),
		"1 M": count(999_900), "10,000": count(10_000), "5.9 billion": count(5.94e9), "95 GB": bytes(9.5e10), "1.5 TB": bytes(1.5e12),
		"3 ms": span(0.003), "1 s": span(1), "1.7 min": span(102), "2.1 h": span(7_500), "2.2 days": span(190_000),
		"under 1 %": percent(0.002), "16 %": percent(0.163), "100 %": percent(1), "under 0.1": rate(0.01),
	} {
		require.Equal(t, want, got)
	}
}
