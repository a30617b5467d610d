package webhooks_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/webhooks"
)

func TestCertificates(t *testing.T) {
	t.Parallel()
	var received atomic.Int64
	handler := func(http.ResponseWriter, *http.Request) { received.Add(1) }
	r := receive(t, handler)
	unknown := r.sender(t, func(o *webhooks.Options) { o.Roots = nil })
	_, err := unknown.Send(t.Context(), r.address(), message())
	require.ErrorContains(t, failedWith(t, webhooks.TLSFailed, err), "unknown authority")

	_, err = r.sender(t).Send(t.Context(), strings.Replace(r.address(), host, "hooks.example.org", 1), message())
	require.ErrorContains(t, failedWith(t, webhooks.TLSFailed, err), "hooks.example.org")

	_, err = r.sender(t, func(o *webhooks.Options) {
		o.Allow, o.Resolver = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, always("127.0.0.1")
	}).Send(t.Context(), "https://localhost:"+r.port(), message())
	failedWith(t, webhooks.TLSFailed, err)

	old := receive(t, handler, func(s *httptest.Server) {
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	})
	_, err = old.sender(t).Send(t.Context(), old.address(), message())
	failedWith(t, webhooks.TLSFailed, err)

	demanding := receive(t, handler, func(s *httptest.Server) {
		s.TLS = &tls.Config{MaxVersion: tls.VersionTLS12, ClientAuth: tls.RequireAnyClientCert}
	})
	_, err = demanding.sender(t).Send(t.Context(), demanding.address(), message())
	failedWith(t, webhooks.TLSFailed, err)

	plain := httptest.NewServer(http.HandlerFunc(handler))
	t.Cleanup(plain.Close)
	_, err = r.sender(t).Send(t.Context(), strings.Replace(plain.URL, "http:", "https:", 1), message())
	failedWith(t, webhooks.TLSFailed, err)
	require.Zero(t, received.Load())
}

// Something that is not HTTP and speaks first, behind TLS or not, is not relayed.
func TestAnotherProtocol(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	got := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		_, _ = io.WriteString(c, "220 mail.example ESMTP\r\n")
		line, _ := bufio.NewReader(c).ReadString('\n')
		got <- line
	}()
	m := message()
	m.Body = []byte("MAIL FROM:<zoe@customer.example>\r\n")
	s := webhooks.NewSender(webhooks.Options{Allow: loopback})
	_, err = s.Send(t.Context(), "https://"+l.Addr().String(), m)
	failedWith(t, webhooks.TLSFailed, err)
	require.NotContains(t, <-got, "MAIL", "nothing in clear is sent")
}
