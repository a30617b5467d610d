package webhooks_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/webhooks"
)

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var followed atomic.Int64
	next := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	t.Cleanup(next.Close)
	for _, location := range []string{"http://169.254.169.254/latest/meta-data/", next.URL, "/hook2", ""} {
		for _, status := range []int{300, 301, 302, 303, 304, 307, 308} {
			r := receive(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/hook" {
					followed.Add(1)
				}
				w.Header().Set("Location", location)
				w.WriteHeader(status)
			})
			answer, err := r.sender(t).Send(t.Context(), r.address(), message())
			failedWith(t, webhooks.AnswerRedirect, err)
			require.Equal(t, status, answer.Status)
			require.EqualValues(t, 1, r.connections.Load())
		}
	}
	require.Zero(t, followed.Load())
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	for status, delivered := range map[int]bool{200: true, 201: true, 204: true, 299: true, 400: false, 401: false, 404: false, 410: false, 429: false, 500: false, 503: false, 999: false} {
		r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			if status != http.StatusNoContent {
				_, _ = io.WriteString(w, "because")
			}
		})
		answer, err := r.sender(t).Send(t.Context(), r.address(), message())
		require.Equal(t, status, answer.Status)
		if delivered {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, failedWith(t, webhooks.AnswerStatus, err), fmt.Sprint(status))
		require.Equal(t, "because", answer.Body)
	}
}

// What an endpoint says is kept and shown; it may not do harm there.
func TestAnAnswerIsMadeLegible(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"":                              "",
		" fine\r\n\tthank you\n":        "fine   thank you",
		"nul\x00 esc\x1b[31m":           "nul\uFFFD esc\uFFFD[31m",
		"bad\xff\xc3( utf-8":            "bad\uFFFD\uFFFD( utf-8",
		"turned\u202e round":            "turned\uFFFD round",
		"\u0085next\u2028line":          "next line",
		strings.Repeat("é", 2000):       strings.Repeat("é", 512),
		"a" + strings.Repeat("é", 2000): "a" + strings.Repeat("é", 511),
		"a" + strings.Repeat("😀", 500):  "a" + strings.Repeat("😀", 255),
		strings.Repeat("\x00", 1024):    strings.Repeat("\uFFFD", 341),
	} {
		r := receive(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, said) })
		answer, err := r.sender(t).Send(t.Context(), r.address(), message())
		require.NoError(t, err)
		require.Equal(t, want, answer.Body)
	}
}

// Compressed answers are neither asked for nor unpacked.
func TestAnAnswerIsNotUnpacked(t *testing.T) {
	t.Parallel()
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, "no gzip at all")
	})
	answer, err := r.sender(t).Send(t.Context(), r.address(), message())
	require.NoError(t, err)
	require.Equal(t, "no gzip at all", answer.Body)
}
