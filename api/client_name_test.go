package api

import (
	"strings"
	"testing"
)

func TestClientsAreNamedShortly(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0":                                                           "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36 Edg/129.0":        "Edge on Windows",
		"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Mobile Safari/537.36":                     "Chrome on Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15":            "Safari on macOS",
		"curl/8.5.0":                        "curl/8.5.0",
		"Go-http-client/1.1":                "Go-http-client/1.1",
		"":                                  "a program without a name",
		"\x00\xff":                          "a program without a name",
		"fleet\x1b[31m-sync/2 (+https://x)": "fleet[31m-sync/2",
		strings.Repeat("é", 100):            strings.Repeat("é", longestClient),
	} {
		if got := clientName(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}
