package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// errNotConnected says that a request was not even sent.
var errNotConnected = errors.New("there is no way to the instance")

// wire is the way from the clients to one instance. It can be cut, and stalled as
// by a net that loses everything, without the instance knowing.
type wire struct {
	mu      sync.Mutex
	address string // of the instance; empty: it is down, or cut off
	conns   map[*wired]bool
	stalled chan struct{} // closed when it goes on; nil: it goes on
}

// leads has the wire lead to an instance, which may be another one than before.
func (w *wire) leads(t *testing.T, s *service) {
	t.Helper()
	to, err := url.Parse(s.url)
	require.NoError(t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.address = to.Host
}

// cut resets all connections; there are no new ones until the wire leads to an
// instance again.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.address = ""
	for c := range w.conns {
		_ = c.Conn.(*net.TCPConn).SetLinger(0)
		_ = c.Conn.Close()
	}
}

// stall stops all that goes over the wire, until the function it gives is called.
func (w *wire) stall() (again func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	stalled := make(chan struct{})
	w.stalled = stalled
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.stalled = nil
		close(stalled)
	}
}

// pass waits while the wire is stalled.
func (w *wire) pass() {
	w.mu.Lock()
	stalled := w.stalled
	w.mu.Unlock()
	if stalled != nil {
		<-stalled
	}
}

// client is for one client of the instance.
func (w *wire) client(patience time.Duration) *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{DialContext: w.dial, MaxIdleConnsPerHost: 2}}
}

func (w *wire) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	w.mu.Lock()
	address := w.address
	w.mu.Unlock()
	if address == "" {
		return nil, errNotConnected
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, errors.Join(errNotConnected, err)
	}
	c := &wired{Conn: conn, wire: w}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.address != address {
		return nil, errors.Join(errNotConnected, conn.Close())
	}
	w.conns[c] = true
	return c, nil
}

// wired is a connection over a wire.
type wired struct {
	net.Conn
	wire *wire
}

func (c *wired) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.wire.pass()
	return n, err
}

func (c *wired) Write(p []byte) (int, error) {
	c.wire.pass()
	return c.Conn.Write(p)
}

func (c *wired) Close() error {
	c.wire.mu.Lock()
	delete(c.wire.conns, c)
	c.wire.mu.Unlock()
	return c.Conn.Close()
}
