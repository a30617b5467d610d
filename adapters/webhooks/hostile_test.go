package webhooks_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/webhooks"
)

const (
	short = 150 * time.Millisecond // the timeout, where it is waited for
	soon  = 10 * time.Second       // what no exchange with it may take, on a machine that is busy
)

// raw answers with what is written to the connection, which is closed then.
func raw(t *testing.T, answer func(net.Conn)) *receiver {
	t.Helper()
	return receive(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = c.Close() }()
		answer(c)
	})
}

// hang waits until the other side has gone.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]func(*httptest.Server){"HTTP/1.1": nil, "HTTP/2": {withHTTP2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := receive(t, hang, options...)
			answer, err := r.sender(t, within(short)).Send(t.Context(), r.address(), message())
			require.ErrorContains(t, failedWith(t, webhooks.TimedOut, err), "no answer within 150ms")
			require.GreaterOrEqual(t, answer.Took, short)
			require.Less(t, answer.Took, soon)
		})
	}
}

// silent accepts connections and says nothing.
func silent(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c); _ = c.Close() }()
		}
	}()
	return "https://" + l.Addr().String()
}

func TestNoHandshake(t *testing.T) {
	t.Parallel()
	s := webhooks.NewSender(webhooks.Options{Allow: loopback, Timeout: short})
	answer, err := s.Send(t.Context(), silent(t), message())
	require.ErrorContains(t, failedWith(t, webhooks.TimedOut, err), "no connection within 150ms")
	require.Less(t, answer.Took, soon)
}

func TestNoDNS(t *testing.T) {
	t.Parallel()
	mute := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, server) }()
		return client, nil
	}}
	s := webhooks.NewSender(webhooks.Options{Resolver: mute, Timeout: short})
	answer, err := s.Send(t.Context(), "https://"+host, message())
	failedWith(t, webhooks.TimedOut, err)
	require.Less(t, answer.Took, soon)

	s = webhooks.NewSender(webhooks.Options{Resolver: always()})
	_, err = s.Send(t.Context(), "https://"+host, message())
	require.ErrorContains(t, failedWith(t, webhooks.DNSFailed, err), "has no address")

	broken := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("dial udp 127.0.0.53:53: no route")
	}}
	s = webhooks.NewSender(webhooks.Options{Resolver: broken})
	_, err = s.Send(t.Context(), "https://"+host, message())
	failedWith(t, webhooks.DNSFailed, err)
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	r := receive(t, func(http.ResponseWriter, *http.Request) {})
	s := r.sender(t)
	r.Close()
	_, err := s.Send(t.Context(), r.address(), message())
	require.ErrorContains(t, failedWith(t, webhooks.ConnectFailed, err), "connection refused")
}

// The end of the caller's context is not the endpoint's failure.
func TestTheCallerGoesAway(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	r := receive(t, func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		hang(w, r)
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := r.sender(t).Send(ctx, r.address(), message())
	require.Equal(t, context.Canceled, err)

	ctx, cancel = context.WithTimeout(t.Context(), short)
	defer cancel()
	s := webhooks.NewSender(webhooks.Options{Allow: loopback})
	_, err = s.Send(ctx, silent(t), message())
	require.Equal(t, context.DeadlineExceeded, err)
}

// An endpoint that never stops talking is heard a little.
func TestAnAnswerWithoutEnd(t *testing.T) {
	t.Parallel()
	const all = 10 << 30
	for name, of := range map[string]struct {
		bounded int // of HTTP/1.1 the kernel buffers a few MiB
		options []func(*httptest.Server)
	}{"HTTP/1.1": {32 << 20, nil}, "HTTP/2": {512 << 10, []func(*httptest.Server){withHTTP2}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			written := make(chan int, 1)
			r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
				sum, chunk := 0, []byte(strings.Repeat("much ", 1<<12))
				for sum < all {
					n, err := w.Write(chunk)
					if sum += n; err != nil {
						break
					}
				}
				written <- sum
			}, of.options...)
			answer, err := r.sender(t).Send(t.Context(), r.address(), message())
			require.NoError(t, err, "200 is 200")
			require.Equal(t, strings.Repeat("much ", 205)[:1024], answer.Body)
			require.Less(t, <-written, of.bounded)
		})
	}
}

// dribble writes a letter now and then until the other side has gone.
func dribble(w io.Writer, flush func()) {
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for range ticker.C {
		if _, err := io.WriteString(w, "x"); err != nil {
			return
		}
		flush()
	}
}

func TestAHeaderThatDribbles(t *testing.T) {
	t.Parallel()
	for _, start := range []string{"", "HTTP/1.1 200 OK\r\nX-Slow: "} {
		r := raw(t, func(c net.Conn) {
			_, _ = io.WriteString(c, start)
			if start != "" {
				dribble(c, func() {})
			}
			_, _ = io.Copy(io.Discard, c)
		})
		answer, err := r.sender(t, within(short)).Send(t.Context(), r.address(), message())
		failedWith(t, webhooks.TimedOut, err)
		require.Less(t, answer.Took, soon)
	}
}

// Such a body holds nobody for longer than the timeout. The message was delivered.
func TestABodyThatDribbles(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]func(*httptest.Server){"HTTP/1.1": nil, "HTTP/2": {withHTTP2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gone := make(chan struct{})
			r := receive(t, func(w http.ResponseWriter, r *http.Request) {
				defer close(gone)
				_, _ = io.Copy(io.Discard, r.Body)
				dribble(w, func() { _ = http.NewResponseController(w).Flush() })
			}, options...)
			answer, err := r.sender(t, within(short)).Send(t.Context(), r.address(), message())
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, answer.Status)
			require.Empty(t, strings.Trim(answer.Body, "x"))
			require.Less(t, answer.Took, soon)
			<-gone
		})
	}
}

func TestAHugeHeader(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]func(*httptest.Server){"HTTP/1.1": nil, "HTTP/2": {withHTTP2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for size, good := range map[int]bool{8 << 10: true, 20 << 10: false, 1 << 20: false} {
				r := receive(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Huge", strings.Repeat("x", size)) }, options...)
				answer, err := r.sender(t).Send(t.Context(), r.address(), message())
				if good {
					require.NoError(t, err)
					continue
				}
				failedWith(t, webhooks.AnswerBroken, err)
				require.Zero(t, answer.Status)
			}
		})
	}
	// Interim answers count, too.
	r := raw(t, func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"); err != nil {
				return
			}
		}
	})
	_, err := r.sender(t).Send(t.Context(), r.address(), message())
	failedWith(t, webhooks.AnswerBroken, err)
}

func TestAConnectionThatBreaks(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]webhooks.Kind{
		"":                                webhooks.AnswerBroken,
		"HTTP/1.1 200 OK\r\nX-Half: ":     webhooks.AnswerBroken,
		"HTTP/1.1 two hundred\r\n\r\n":    webhooks.AnswerBroken,
		"SSH-2.0-OpenSSH_9.6\r\n":         webhooks.AnswerBroken,
		"HTTP/1.1 200 OK\r\n\x00\x1b\r\n": webhooks.AnswerBroken,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n": webhooks.AnswerStatus,
		"HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\nhalf":                            webhooks.AnswerStatus,
	} {
		r := raw(t, func(c net.Conn) { _, _ = io.WriteString(c, said) })
		_, err := r.sender(t).Send(t.Context(), r.address(), message())
		failure := failedWith(t, want, err)
		require.Empty(t, strings.Trim(failure.Reason, printable), failure.Reason)
	}
	// Once the status has arrived, that is the answer.
	for _, said := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nnonsense",
	} {
		r := raw(t, func(c net.Conn) { _, _ = io.WriteString(c, said) })
		answer, err := r.sender(t).Send(t.Context(), r.address(), message())
		require.NoError(t, err)
		require.Equal(t, "half", answer.Body)
	}
}

var printable = func() string {
	var b strings.Builder
	for r := ' '; r <= '~'; r++ {
		b.WriteRune(r)
	}
	return b.String()
}()

// A reset tells both ends' addresses to whoever reads the error.
func TestAConnectionThatIsReset(t *testing.T) {
	t.Parallel()
	r := raw(t, func(c net.Conn) { _ = c.(*tls.Conn).NetConn().(*net.TCPConn).SetLinger(0) })
	_, err := r.sender(t).Send(t.Context(), r.address(), message())
	failedWith(t, webhooks.AnswerBroken, err)
}
