package eventnode

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/test/bufconn"
)

// A client may ping more often than every 5 s, gRPC's own limit, as long as it
// stays above a second.
func TestFrequentPingsAreAnswered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		interval time.Duration
		tolerant bool
	}{
		"every second":            {time.Second, true},
		"every fifth of a second": {time.Second / 5, false},
		"every four seconds":      {4 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				listener := bufconn.Listen(1 << 16)
				server := newGRPCServer(nil)
				go func() { _ = server.Serve(listener) }()
				defer server.Stop()
				conn, err := listener.DialContext(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				if answered := pings(t, conn, 20, c.interval); answered != c.tolerant {
					t.Fatalf("all pings answered: %v, want %v", answered, c.tolerant)
				}
			})
		})
	}
}

// pings sends so many pings and reports whether all were answered, none by the
// word that the client is to go away.
func pings(t *testing.T, conn net.Conn, count int, interval time.Duration) bool {
	t.Helper()
	if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(conn, conn)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for range count {
		<-tick.C
		if err := framer.WritePing(false, [8]byte{1}); err != nil {
			return false
		}
		for answered := false; !answered; {
			frame, err := framer.ReadFrame()
			if err != nil {
				return false
			}
			switch f := frame.(type) {
			case *http2.GoAwayFrame:
				return false
			case *http2.PingFrame:
				answered = f.IsAck()
			}
		}
	}
	return true
}
