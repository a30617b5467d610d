package webhooks_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/webhooks"
)

// A proxy would dial what the guard does not see. This test is not parallel, and the
// first one: net/http reads the environment once.
func TestNoProxyIsUsed(t *testing.T) {
	var proxied atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		proxied.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	t.Setenv("NO_PROXY", "")
	t.Setenv("no_proxy", "")
	r := receive(t, func(http.ResponseWriter, *http.Request) {})
	_, err := r.sender(t).Send(t.Context(), r.address(), message())
	require.NoError(t, err)
	require.Zero(t, proxied.Load())
}

// Receivers verify messages with the library that the standard's authors give them.
func TestAMessageArrives(t *testing.T) {
	t.Parallel()
	for proto, options := range map[string][]func(*httptest.Server){"HTTP/1.1": nil, "HTTP/2.0": {withHTTP2}} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			type got struct {
				*http.Request
				body []byte
			}
			received := make(chan got, 1)
			r := receive(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				received <- got{r, body}
				w.WriteHeader(http.StatusAccepted)
				_, _ = io.WriteString(w, "thanks")
			}, options...)
			m := message()
			m.Secrets = append(m.Secrets, anySecret())
			answer, err := r.sender(t).Send(t.Context(), r.address()+"?tenant=7", m)
			require.NoError(t, err)
			require.Equal(t, http.StatusAccepted, answer.Status)
			require.Equal(t, "thanks", answer.Body)
			require.Positive(t, answer.Took)

			g := <-received
			require.Equal(t, []any{proto, "POST", "/hook?tenant=7", host + ":" + r.port()}, []any{g.Proto, g.Method, g.RequestURI, g.Host})
			require.Equal(t, string(m.Body), string(g.body))
			headers := g.Header.Clone()
			for name, want := range map[string]string{
				"Content-Type": "application/json", "User-Agent": "Fleetledger-Webhooks", "Content-Length": fmt.Sprint(len(m.Body)),
				"Webhook-Id": m.ID, "Webhook-Timestamp": fmt.Sprint(m.At.Unix()),
			} {
				require.Equal(t, want, headers.Get(name), name)
				headers.Del(name)
			}
			headers.Del("Webhook-Signature")
			require.Empty(t, headers, "nothing else is said")

			for _, secret := range m.Secrets {
				verifier, err := standardwebhooks.NewWebhook(secret.Reveal())
				require.NoError(t, err)
				require.NoError(t, verifier.Verify(g.body, g.Header))
				require.Error(t, verifier.Verify(append(g.body, ' '), g.Header))
				for name, value := range map[string]string{"Webhook-Id": m.ID + "x", "Webhook-Timestamp": fmt.Sprint(m.At.Unix() - 1)} {
					tampered := g.Header.Clone()
					tampered.Set(name, value)
					require.Error(t, verifier.Verify(g.body, tampered), name)
				}
			}
			other, err := standardwebhooks.NewWebhook(anySecret().Reveal())
			require.NoError(t, err)
			require.Error(t, other.Verify(g.body, g.Header))
		})
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	var delivered sync.Map
	r := receive(t, func(_ http.ResponseWriter, r *http.Request) { delivered.Store(r.Header.Get("Webhook-Id"), true) }, withHTTP2)
	s := r.sender(t)
	var sending sync.WaitGroup
	for i := range 50 {
		m := message()
		m.ID = fmt.Sprint("msg_", i)
		sending.Go(func() {
			if _, err := s.Send(t.Context(), r.address(), m); err != nil {
				t.Error(err)
			}
		})
	}
	sending.Wait()
	for i := range 50 {
		_, ok := delivered.Load(fmt.Sprint("msg_", i))
		require.True(t, ok, i)
	}
}

// A name passes Check, whatever it leads to, and is judged when it is dialled.
func TestANameThatLeadsInside(t *testing.T) {
	t.Parallel()
	r := receive(t, func(http.ResponseWriter, *http.Request) {})
	for _, ip := range []string{"127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.100.100.200", "0.0.0.0"} {
		s := r.sender(t, func(o *webhooks.Options) { o.Allow, o.Resolver = nil, always(ip) })
		require.NoError(t, s.Check(r.address()))
		answer, err := s.Send(t.Context(), r.address(), message())
		failure := failedWith(t, webhooks.AddressForbidden, err)
		require.Zero(t, answer.Status)
		require.ErrorContains(t, failure.Unwrap(), ip, "the operator sees it")
		require.NotContains(t, failure.Error(), ip)
	}
	require.Zero(t, r.connections.Load())
	s := r.sender(t, func(o *webhooks.Options) { o.Forbid = loopback })
	_, err := s.Send(t.Context(), r.address(), message())
	failedWith(t, webhooks.AddressForbidden, err)
	require.Zero(t, r.connections.Load())
}

// A name that leads outside first, and inside when it is dialled again.
func TestRebinding(t *testing.T) {
	t.Parallel()
	r := receive(t, func(http.ResponseWriter, *http.Request) {})
	inside, err := net.Listen("tcp", "127.0.0.2:"+r.port())
	require.NoError(t, err)
	defer func() { _ = inside.Close() }()
	reached := make(chan struct{}, 1)
	go func() {
		if c, err := inside.Accept(); err == nil {
			reached <- struct{}{}
			_ = c.Close()
		}
	}()
	var ips atomic.Value
	ips.Store([]string{"127.0.0.1"})
	s := r.sender(t, func(o *webhooks.Options) { o.Resolver = resolver(func() []string { return ips.Load().([]string) }) })
	require.NoError(t, s.Check(r.address()))
	_, err = s.Send(t.Context(), r.address(), message())
	require.NoError(t, err)

	s.Close() // the connection; it would be used again, and led outside
	ips.Store([]string{"127.0.0.2"})
	_, err = s.Send(t.Context(), r.address(), message())
	failedWith(t, webhooks.AddressForbidden, err)
	ips.Store([]string{"127.0.0.2", "127.0.0.1"})
	_, err = s.Send(t.Context(), r.address(), message())
	require.NoError(t, err, "of several addresses those are dialled that may be")
	require.Empty(t, reached)
	require.EqualValues(t, 2, r.connections.Load())
}

// http:// is for allowed hosts, and whether a name is one is seen when it is dialled.
func TestWithoutTLS(t *testing.T) {
	t.Parallel()
	var received atomic.Int64
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { received.Add(1) }))
	t.Cleanup(plain.Close)
	_, port, _ := net.SplitHostPort(plain.Listener.Addr().String())
	address := "http://" + host + ":" + port
	s := webhooks.NewSender(webhooks.Options{Allow: loopback, Resolver: always("127.0.0.1")})
	t.Cleanup(s.Close)
	for _, to := range []string{address, plain.URL} {
		_, err := s.Send(t.Context(), to, message())
		require.NoError(t, err)
	}
	require.EqualValues(t, 2, received.Load())
	elsewhere := webhooks.NewSender(webhooks.Options{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Resolver: always("127.0.0.1")})
	_, err := elsewhere.Send(t.Context(), address, message())
	failedWith(t, webhooks.AddressForbidden, err)
	outside := webhooks.NewSender(webhooks.Options{Allow: loopback, Resolver: always("8.8.8.8")})
	_, err = outside.Send(t.Context(), "http://"+host, message())
	require.ErrorContains(t, failedWith(t, webhooks.AddressForbidden, err), "https:// only")
	none := webhooks.NewSender(webhooks.Options{Resolver: always("127.0.0.1")})
	_, err = none.Send(t.Context(), address, message())
	failedWith(t, webhooks.AddressInvalid, err)
	require.EqualValues(t, 2, received.Load())
}

// A connection that was kept may be closed by the other side meanwhile. That is no
// failed attempt.
func TestAKeptConnectionThatWasClosed(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) == 2 {
			c, _, _ := w.(http.Hijacker).Hijack()
			_ = c.Close()
		}
	})
	s := r.sender(t)
	for range 2 {
		_, err := s.Send(t.Context(), r.address(), message())
		require.NoError(t, err)
	}
	require.EqualValues(t, 3, requests.Load())
	require.EqualValues(t, 2, r.connections.Load())
}

func TestMessagesThatCannotBeSent(t *testing.T) {
	t.Parallel()
	r := receive(t, func(http.ResponseWriter, *http.Request) {})
	s := r.sender(t)
	for name, spoil := range map[string]func(*webhooks.Message){
		"no id": func(m *webhooks.Message) { m.ID = "" }, "a dot": func(m *webhooks.Message) { m.ID = "a.1" },
		"a line": func(m *webhooks.Message) { m.ID = "a\r\nX: y" }, "long": func(m *webhooks.Message) { m.ID = strings.Repeat("x", 257) },
		"no secret": func(m *webhooks.Message) { m.Secrets = nil }, "empty": func(m *webhooks.Message) { m.Secrets = append(m.Secrets, webhooks.Secret{}) },
	} {
		m := message()
		spoil(&m)
		_, err := s.Send(t.Context(), r.address(), m)
		require.ErrorContains(t, err, "webhook message", name)
	}
	require.Zero(t, r.connections.Load())
}

func ExampleSender_Send() {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not now", http.StatusServiceUnavailable)
	}))
	defer receiver.Close()
	s := webhooks.NewSender(webhooks.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	defer s.Close()
	answer, err := s.Send(context.Background(), receiver.URL, webhooks.Message{
		ID: "msg_1", At: time.Now(), Body: []byte(`{"type":"device.renewed"}`), Secrets: []webhooks.Secret{anySecret()},
	})
	fmt.Println(err)
	fmt.Println(answer.Status, answer.Body)
	// Output:
	// the host answered 503 instead of 2xx
	// 503 not now
}
