package eventnode

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// listen opens the socket and the TCP address asked for.
func (n *Node) listen(ctx context.Context) error {
	var err error
	if n.opts.SocketPath != "" {
		if n.unix, err = listenUnix(ctx, n.opts.SocketPath); err != nil {
			return err
		}
	}
	if n.opts.Addr != "" {
		if n.tcp, err = listenLoopback(ctx, n.opts.Addr); err != nil {
			n.closeListeners()
			return err
		}
	}
	return nil
}

func (n *Node) closeListeners() {
	for _, l := range []net.Listener{n.unix, n.tcp} {
		if l != nil {
			_ = l.Close() // the server has usually closed it already
		}
	}
}

// listenUnix creates a private socket. One that exists but answers nobody was left
// by a crash and is replaced; one that answers belongs to somebody else.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if limit := len(syscall.RawSockaddrUnix{}.Path) - 1; len(path) > limit {
		return nil, fmt.Errorf("socket path %s is longer than %d bytes, the limit of unix sockets", path, limit)
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&os.ModeSocket == 0 {
			return nil, fmt.Errorf("%s exists and is no socket", path)
		}
		d := net.Dialer{Timeout: time.Second}
		if conn, err := d.DialContext(ctx, "unix", path); err == nil {
			_ = conn.Close()
			return nil, fmt.Errorf("socket %s is in use by another process", path)
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("remove the stale socket: %w", err)
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("make the socket private: %w", err)
	}
	return l, nil
}

// listenLoopback listens on a TCP address that cannot be reached from elsewhere.
func listenLoopback(ctx context.Context, addr string) (net.Listener, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("node address %q: %w", addr, err)
	}
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("node address %q is not loopback: the node has neither TLS nor passwords", addr)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", addr, err)
	}
	return l, nil
}

// netAddr is the address clients are told.
func (n *Node) netAddr() net.Addr {
	if n.tcp != nil {
		return n.tcp.Addr()
	}
	return n.unix.Addr()
}

// SocketPath is the unix socket the node serves, empty if none. The Go client
// takes it as Configuration.Address "unix:" + path, with DisableTLS.
func (n *Node) SocketPath() string { return n.opts.SocketPath }

// Addr is the TCP address the node serves, empty if none.
func (n *Node) Addr() string {
	if n.tcp == nil {
		return ""
	}
	return n.tcp.Addr().String()
}

// ConnectionString is what clients of any language take to connect by TCP, empty
// if the node serves the socket only.
func (n *Node) ConnectionString() string {
	if n.tcp == nil {
		return ""
	}
	return "esdb://" + n.Addr() + "?tls=false"
}
