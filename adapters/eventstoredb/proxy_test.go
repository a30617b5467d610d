package eventstoredb

import (
	"io"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy stands between a store and its node, to break what is between them at
// a chosen moment.
type proxy struct {
	socket  string // where the store connects to
	target  string
	swallow atomic.Bool // the node's answers are lost

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	p := &proxy{socket: filepath.Join(filepath.Dir(target), "proxy.sock"), target: target, conns: map[net.Conn]bool{}}
	l, err := net.Listen("unix", p.socket)
	require.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); p.cut(); running.Wait() })
	return p
}

func (p *proxy) serve(client net.Conn) {
	node, err := net.Dial("unix", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	p.conns[client], p.conns[node] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(node, client); _ = node.Close() })
	both.Go(func() { p.answers(client, node); _ = client.Close() })
	both.Wait()
}

func (p *proxy) answers(client io.Writer, node io.Reader) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := node.Read(buffer)
		if err != nil {
			return
		}
		if p.swallow.Load() {
			continue
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// cut breaks all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
	clear(p.conns)
}
