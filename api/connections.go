package api

import (
	"net"
	"net/netip"
	"sync"
)

// ConnectionLimits bound the connections of a listener.
type ConnectionLimits struct {
	All        int            // of all clients
	PerAddress int            // of one client: an address, or the 64 bits that a household has
	Exempt     []netip.Prefix // proxies, who bring many clients
}

// Limited is a listener that ends connections beyond its limits at once: nothing is read
// of them.
func (l ConnectionLimits) Limited(from net.Listener) net.Listener {
	return &limited{Listener: from, limits: l, exempt: proxies{trusted: l.Exempt}, from: map[string]int{}}
}

type limited struct {
	net.Listener
	limits ConnectionLimits
	exempt proxies

	mu   sync.Mutex
	all  int
	from map[string]int
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		address := l.client(c.RemoteAddr())
		if !l.admit(address) {
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // nothing of it stays
			}
			_ = c.Close()
			continue
		}
		return &countedConn{Conn: c, gone: sync.OnceFunc(func() { l.leave(address) })}, nil
	}
}

// client is whom a connection counts for, empty where it counts for nobody alone.
func (l *limited) client(remote net.Addr) string {
	peer, err := netip.ParseAddrPort(remote.String())
	if err != nil || l.exempt.trusts(remote.String()) {
		return ""
	}
	return addressFrom(peer.Addr().String())
}

func (l *limited) admit(address string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= l.limits.All || address != "" && l.from[address] >= l.limits.PerAddress {
		return false
	}
	l.all++
	l.from[address]++
	return true
}

func (l *limited) leave(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.from[address]--; l.from[address] == 0 {
		delete(l.from, address)
	}
}

// countedConn is a connection that says when it has ended.
type countedConn struct {
	net.Conn
	gone func()
}

// Close implements net.Conn.
func (c *countedConn) Close() error {
	defer c.gone()
	return c.Conn.Close()
}
