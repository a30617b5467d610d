package webhooks_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/fleetledger/fleetledger/adapters/webhooks"
)

// What an endpoint sends ahead of being read is kept in memory, for each message that
// is under way.
func TestHowMuchMayBeSentAhead(t *testing.T) {
	t.Parallel()
	window := make(chan uint32, 1)
	r := receive(t, func(http.ResponseWriter, *http.Request) {}, func(s *httptest.Server) {
		s.TLS = &tls.Config{NextProtos: []string{"h2"}}
		s.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){"h2": func(_ *http.Server, c *tls.Conn, _ http.Handler) {
			defer func() { _ = c.Close() }()
			_, _ = io.ReadFull(c, make([]byte, len(http2.ClientPreface)))
			frame, err := http2.NewFramer(c, c).ReadFrame()
			if settings, ok := frame.(*http2.SettingsFrame); ok && err == nil {
				size, _ := settings.Value(http2.SettingInitialWindowSize)
				window <- size
			}
		}}
	})
	_, err := r.sender(t).Send(t.Context(), r.address(), message())
	failedWith(t, webhooks.AnswerBroken, err)
	require.EqualValues(t, 64<<10, <-window)
}

// A connection of HTTP/2 is shared and kept. When the other side has gone without a
// word, it is not used for ever.
func TestAConnectionThatIsDead(t *testing.T) {
	t.Parallel()
	r := receive(t, func(http.ResponseWriter, *http.Request) {}, withHTTP2)
	between, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = between.Close() })
	var dead atomic.Int64 // how many connections nothing goes through any more
	go func() {
		for number := int64(1); ; number++ {
			c, err := between.Accept()
			if err != nil {
				return
			}
			onward, err := net.Dial("tcp", r.Listener.Addr().String())
			if err != nil {
				_ = c.Close()
				return
			}
			go func() { _, _ = io.Copy(c, onward); _ = c.Close() }()
			go func() {
				defer func() { _ = onward.Close() }()
				buffer := make([]byte, 1<<12)
				for {
					n, err := c.Read(buffer)
					if err != nil {
						return
					}
					if number > dead.Load() {
						_, _ = onward.Write(buffer[:n])
					}
				}
			}()
		}
	}()
	_, port, _ := net.SplitHostPort(between.Addr().String())
	s := r.sender(t, within(time.Second))
	address := "https://" + host + ":" + port
	_, err = s.Send(t.Context(), address, message())
	require.NoError(t, err)
	dead.Store(1)
	_, err = s.Send(t.Context(), address, message())
	require.Error(t, err)
	for range 10 {
		if _, err = s.Send(t.Context(), address, message()); err == nil {
			return
		}
	}
	require.NoError(t, err)
}
