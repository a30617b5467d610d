package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/fleetledger/fleetledger/api"
)

// edgeConfig says how clients reach the service: by itself with TLS, or through proxies.
type edgeConfig struct {
	TrustedProxies []string `help:"Addresses and networks of the proxies in front, such as 10.0.0.5,10.1.0.0/24: what they say of a client's address and scheme is believed; empty: nobody is." env:"FLEETLEDGER_TRUSTED_PROXIES" placeholder:"ADDRESS"`
	TLSCert        string   `name:"tls-cert" help:"File with the certificate, and those it hangs on, to serve HTTPS with; read again when it changes." env:"FLEETLEDGER_TLS_CERT" placeholder:"FILE"`
	Connections    int      `help:"Connections at most, of all clients." env:"FLEETLEDGER_CONNECTIONS" default:"2000"`
	ByAddress      int      `name:"connections-by-address" help:"Connections of one client at most: of its address, or the 64 bits that a household has; trusted proxies may have any number." env:"FLEETLEDGER_CONNECTIONS_BY_ADDRESS" default:"200"`
	MetricsListen  string   `help:"Show the measurements on this address, and at the service's own to the operator alone; empty: at the service's own, to the operator and to this machine." env:"FLEETLEDGER_METRICS_LISTEN" placeholder:"HOST:PORT"`
	MetricsToken   string   `help:"Bearer token to read the measurements with; whoever has neither it nor the operator's does not." env:"FLEETLEDGER_METRICS_TOKEN" placeholder:"TOKEN"`
	TLSKey         string   `name:"tls-key" help:"File with the certificate's key." env:"FLEETLEDGER_TLS_KEY" placeholder:"FILE"`
}

func (c *edgeConfig) validate() error {
	if _, err := c.proxies(); err != nil {
		return err
	}
	for variable, n := range map[string]int{"FLEETLEDGER_CONNECTIONS": c.Connections, "FLEETLEDGER_CONNECTIONS_BY_ADDRESS": c.ByAddress} {
		if n < 10 || n > 1_000_000 {
			return fmt.Errorf("%s: %d is not between 10 and 1000000", variable, n)
		}
	}
	if _, _, err := net.SplitHostPort(c.MetricsListen); c.MetricsListen != "" && err != nil {
		return fmt.Errorf("FLEETLEDGER_METRICS_LISTEN: %q is not HOST:PORT", c.MetricsListen)
	}
	if c.MetricsToken != "" && len(c.MetricsToken) < 16 {
		return errors.New("FLEETLEDGER_METRICS_TOKEN: must have 16 characters or more")
	}
	switch {
	case c.TLSCert != "" && c.TLSKey == "":
		return errors.New("FLEETLEDGER_TLS_KEY: is needed with FLEETLEDGER_TLS_CERT")
	case c.TLSCert == "" && c.TLSKey != "":
		return errors.New("FLEETLEDGER_TLS_CERT: is needed with FLEETLEDGER_TLS_KEY")
	}
	return nil
}

// proxies reads the trusted ones. To trust everybody is to believe anybody.
func (c *edgeConfig) proxies() ([]netip.Prefix, error) {
	all, err := networks(c.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("FLEETLEDGER_TRUSTED_PROXIES: %w", err)
	}
	for _, network := range all {
		if network.Bits() == 0 {
			return nil, fmt.Errorf("FLEETLEDGER_TRUSTED_PROXIES: %q is everybody", network)
		}
	}
	return all, nil
}

// limited is the listener that takes no more connections than are configured.
func (c *edgeConfig) limited(l net.Listener) net.Listener {
	trusted, _ := c.proxies() // validated
	return api.ConnectionLimits{All: c.Connections, PerAddress: c.ByAddress, Exempt: trusted}.Limited(l)
}

// secured is the listener with TLS, where there is a certificate.
func (c *edgeConfig) secured(l net.Listener, logger *slog.Logger) (net.Listener, error) {
	if c.TLSCert == "" {
		return l, nil
	}
	pair := &keyPair{certFile: c.TLSCert, keyFile: c.TLSKey, logger: logger}
	if err := pair.load(); err != nil {
		return nil, err
	}
	return tls.NewListener(l, &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, GetCertificate: pair.current,
	}), nil
}

// measuring is the listener of the measurements; nil: they have no address of their own.
func (c *edgeConfig) measuring(ctx context.Context) (net.Listener, error) {
	if c.MetricsListen == "" {
		return nil, nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.MetricsListen)
	if err != nil {
		return nil, fmt.Errorf("FLEETLEDGER_METRICS_LISTEN: %w", err)
	}
	return api.ConnectionLimits{All: c.Connections, PerAddress: c.ByAddress}.Limited(l), nil
}

// scheme of the service's own address.
func (c *edgeConfig) scheme() string {
	if c.TLSCert == "" {
		return "http"
	}
	return "https"
}

// keyPair is a certificate and its key, as they are in their files now.
type keyPair struct {
	certFile, keyFile string
	logger            *slog.Logger

	mu        sync.Mutex
	loaded    *tls.Certificate
	cert, key os.FileInfo // of the files when they were read
}

// current is the certificate for the next client. Whoever renews it writes two files, one
// after the other: until they fit, the one before stays.
func (p *keyPair) current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !changed(p.certFile, p.cert) && !changed(p.keyFile, p.key) {
		return p.loaded, nil
	}
	if err := p.load(); err != nil {
		p.logger.Warn("the certificate has changed and cannot be used; the one before stays", "error", err)
		return p.loaded, nil
	}
	p.logger.Info("the certificate was read again", "expires", p.loaded.Leaf.NotAfter)
	return p.loaded, nil
}

// load reads both files. What they were is noted before, so that nothing written
// meanwhile is missed.
func (p *keyPair) load() error {
	certPEM, cert, err := read(p.certFile)
	if err != nil {
		return fmt.Errorf("FLEETLEDGER_TLS_CERT: %w", err)
	}
	keyPEM, key, err := read(p.keyFile)
	if err != nil {
		return fmt.Errorf("FLEETLEDGER_TLS_KEY: %w", err)
	}
	loaded, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return fmt.Errorf("FLEETLEDGER_TLS_CERT, FLEETLEDGER_TLS_KEY: %s and %s: %w", p.certFile, p.keyFile, err)
	}
	if until := loaded.Leaf.NotAfter; until.Before(time.Now()) {
		p.logger.Warn("the certificate has expired", "file", p.certFile, "expired", until)
	}
	p.loaded, p.cert, p.key = &loaded, cert, key
	return nil
}

func read(file string) (data []byte, info os.FileInfo, err error) {
	if info, err = os.Stat(file); err == nil {
		data, err = os.ReadFile(file) //nolint:gosec // the operator names it
	}
	return data, info, err
}

// changed reports whether a file is another one than it was. One that is gone is between
// two.
func changed(file string, was os.FileInfo) bool {
	is, err := os.Stat(file)
	return err == nil && (!os.SameFile(is, was) || is.Size() != was.Size() || !is.ModTime().Equal(was.ModTime()))
}
