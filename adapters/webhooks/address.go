package webhooks

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

const maxAddress = 2048 // bytes

// Check tells what is wrong with the text of an address, before anybody subscribes
// with it: an *Error of the kind AddressInvalid or AddressForbidden. Names are not
// resolved, as they may resolve to something else when a message is sent; Send judges
// that.
func (s *Sender) Check(address string) error {
	_, err := s.parse(address)
	return err
}

func (s *Sender) parse(address string) (*url.URL, error) {
	switch {
	case len(address) > maxAddress:
		return nil, invalid("the address is longer than 2048 bytes")
	case !utf8.ValidString(address) || strings.ContainsFunc(address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return nil, invalid("the address has white space or other characters in it that no address has")
	case strings.Contains(address, "#"):
		return nil, invalid("the address has a fragment (#); leave it out")
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, invalid("the address is not a URL")
	case u.Scheme != "https" && (u.Scheme != "http" || len(s.guard.allow) == 0):
		return nil, invalid("the address must begin with https://")
	case u.User != nil:
		return nil, invalid("the address has a user name or a password in it; leave them out")
	case u.Host == "":
		return nil, invalid("the address has no host")
	case strings.ContainsFunc(u.RawQuery, func(r rune) bool { return r > unicode.MaxASCII }):
		return nil, invalid("the address's query has characters that must be percent-encoded")
	}
	port := u.Port()
	if port != "" && !portAllowed(port) {
		return nil, &Error{Kind: AddressForbidden, Reason: "the address's port may not be called; 443 is the usual one"}
	}
	host, err := s.host(u.Scheme, u.Hostname())
	if err != nil {
		return nil, err
	}
	if u.Host = host; port != "" {
		u.Host = net.JoinHostPort(strings.Trim(host, "[]"), port)
	}
	return u, nil
}

// host is a URL's host as it is written in ASCII.
func (s *Sender) host(scheme, host string) (string, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		switch {
		case ip.Zone() != "" || !s.guard.permits(ip):
			return "", forbidden(ip)
		case scheme != "https" && !s.guard.allows(ip):
			return "", invalid("the address must begin with https://")
		case ip.Unmap().Is6():
			return "[" + ip.String() + "]", nil
		}
		return ip.Unmap().String(), nil
	}
	name, ok := hostname(host)
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	top := labels[len(labels)-1]
	loopback := s.guard.allows(netip.AddrFrom4([4]byte{127, 0, 0, 1})) || s.guard.allows(netip.IPv6Loopback())
	switch {
	case !ok:
		return "", invalid("the address's host is not a name")
	case top == "localhost" && !loopback, len(labels) == 1 && len(s.guard.allow) == 0:
		return "", &Error{Kind: AddressForbidden, Reason: "the host is not on the public internet"}
	}
	return name, nil
}

// hostname is a name in lower case and ASCII (RFC 5890); ok: if it is one of DNS, and
// nothing that some resolver would take for an IP address (127.1, 0x7f.1).
func hostname(host string) (name string, ok bool) {
	name = strings.ToLower(host)
	if strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
		var err error
		if name, err = idna.Lookup.ToASCII(host); err != nil {
			return "", false
		}
	}
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return "", false
		}
	}
	top := labels[len(labels)-1]
	numeric := strings.Trim(top, "0123456789") == "" || strings.HasPrefix(top, "0x")
	return name, len(name) <= 253 && !numeric
}

// otherProtocols are ports from 1024 on that browsers do not call either, because
// something else than HTTP listens there (the Fetch standard's "bad ports").
var otherProtocols = []uint64{
	1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
}

// portAllowed whether a port is one of HTTP, or not of the system's.
func portAllowed(text string) bool {
	port, err := strconv.ParseUint(text, 10, 16)
	return err == nil && (port == 443 || port == 80 || port >= 1024 && !slices.Contains(otherProtocols, port))
}

func invalid(reason string) error { return &Error{Kind: AddressInvalid, Reason: reason} }
