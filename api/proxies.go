package api

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"
)

// Headers that proxies add.
const (
	forwardedFor   = echo.HeaderXForwardedFor
	forwardedProto = echo.HeaderXForwardedProto
)

// proxies tells who a request comes from. Anybody can send a header that says so; only
// what trusted proxies added to it is believed.
type proxies struct {
	trusted []netip.Prefix
	client  echo.IPExtractor
}

func newProxies(trusted []netip.Prefix) proxies {
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		options = append(options, echo.TrustIPRange(&net.IPNet{
			IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		}))
	}
	return proxies{trusted, echo.ExtractIPFromXFFHeader(options...)}
}

// resolved is the request as the client in front of the trusted proxies made it: its
// RemoteAddr is the client's. X-Forwarded-Proto stays where a trusted proxy sent it and is
// gone otherwise, X-Forwarded-For is always gone. What comes after, the pages included,
// needs to know of no proxies.
func (p proxies) resolved(r *http.Request) *http.Request {
	if len(r.Header[forwardedFor]) == 0 && len(r.Header[forwardedProto]) == 0 {
		if forwarded(r) {
			return r.WithContext(markForwarded(r.Context()))
		}
		return r
	}
	out := r.Clone(markForwarded(r.Context()))
	out.Header.Del(forwardedFor)
	if !p.trusts(r.RemoteAddr) {
		out.Header.Del(forwardedProto)
		return out
	}
	if client := p.client(r); client != "" {
		out.RemoteAddr = net.JoinHostPort(client, "0") // the port is not known
	}
	return out
}

func (p proxies) trusts(remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	address := peer.Addr().Unmap().WithZone("")
	for _, trusted := range p.trusted {
		if trusted.Contains(address) {
			return true
		}
	}
	return false
}

// Encrypted reports whether the client of a request that a Server hands on talks TLS: to
// the server itself, or to a trusted proxy that says so.
func Encrypted(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get(forwardedProto), "https")
}
