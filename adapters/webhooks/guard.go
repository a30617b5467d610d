package webhooks

import (
	"net/netip"
	"syscall"
)

// notDialled are ranges of IPv4, and of what is given out of IPv6, that lead to no
// public host.
var notDialled = prefixes(
	"0.0.0.0/8",       // this network, unspecified: RFC 791
	"10.0.0.0/8",      // private: RFC 1918
	"100.64.0.0/10",   // shared behind a carrier's NAT: RFC 6598
	"127.0.0.0/8",     // loopback: RFC 1122
	"169.254.0.0/16",  // link-local, metadata of clouds: RFC 3927
	"172.16.0.0/12",   // private: RFC 1918
	"192.0.0.0/24",    // protocol assignments: RFC 6890
	"192.0.2.0/24",    // documentation: RFC 5737
	"192.88.99.0/24",  // relays of 6to4: RFC 7526
	"192.168.0.0/16",  // private: RFC 1918
	"198.18.0.0/15",   // benchmarks: RFC 2544
	"198.51.100.0/24", // documentation: RFC 5737
	"203.0.113.0/24",  // documentation: RFC 5737
	"224.0.0.0/4",     // multicast: RFC 5771
	"240.0.0.0/4",     // reserved, and broadcast: RFC 1112, RFC 8190
	"2001::/23",       // protocol assignments, Teredo among them: RFC 2928
	"2001:db8::/32",   // documentation: RFC 3849
	"2002::/16",       // 6to4, which nobody serves on any more: RFC 7526
	"3fff::/20",       // documentation: RFC 9637
)

var (
	given6 = netip.MustParsePrefix("2000::/3")     // RFC 4291
	nat64  = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// guard knows which IP addresses may be dialled.
type guard struct{ allow, forbid []netip.Prefix }

// permits whether an address may be dialled.
func (g guard) permits(ip netip.Addr) bool {
	ip = plain(ip)
	inner, embeds := embedded(ip)
	switch {
	case !ip.IsValid() || within(g.forbid, ip) || embeds && within(g.forbid, inner):
		return false
	case g.allows(ip):
		return true
	case embeds:
		return !within(notDialled, inner)
	case ip.Is6() && !given6.Contains(ip):
		return false
	}
	return !within(notDialled, ip)
}

// allows whether an address is in a range that the operator opened.
func (g guard) allows(ip netip.Addr) bool {
	ip = plain(ip)
	inner, embeds := embedded(ip)
	return within(g.allow, ip) || embeds && within(g.allow, inner)
}

// control is net.Dialer's Control: it sees each address as it is dialled. For http://
// those are permitted only that are allowed.
func (g guard) control(scheme string) func(network, address string, c syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		switch {
		case err != nil:
			return &Error{Kind: AddressForbidden, Reason: "the host may not be called", err: err}
		case !g.permits(to.Addr()):
			return forbidden(to.Addr())
		case scheme != "https" && !g.allows(to.Addr()):
			return &Error{Kind: AddressForbidden, Reason: "the host may be called by https:// only"}
		}
		return nil
	}
}

// forbidden does not tell the IP address to whoever chose the name: inside, names may
// be secrets.
func forbidden(ip netip.Addr) error {
	return &Error{Kind: AddressForbidden, Reason: "the host is not on the public internet, or may not be called", err: &forbiddenIP{ip}}
}

type forbiddenIP struct{ ip netip.Addr }

func (f *forbiddenIP) Error() string { return f.ip.String() + " may not be dialled" }

// plain is an address without its zone, and as IPv4 if that is what is mapped in it.
func plain(ip netip.Addr) netip.Addr { return ip.WithZone("").Unmap() }

// embedded is the IPv4 address that a gateway of NAT64 would dial.
func embedded(ip netip.Addr) (inner netip.Addr, ok bool) {
	if !nat64.Contains(ip) {
		return netip.Addr{}, false
	}
	b := ip.As16()
	return netip.AddrFrom4([4]byte(b[12:])), true
}

func within(ranges []netip.Prefix, ip netip.Addr) bool {
	for _, r := range ranges {
		if r.Contains(ip) {
			return true
		}
	}
	return false
}

// plainPrefixes has ranges of IPv4 that were written as IPv6 be what they mean.
func plainPrefixes(ranges []netip.Prefix) []netip.Prefix {
	all := make([]netip.Prefix, 0, len(ranges))
	for _, r := range ranges {
		if r.Addr().Is4In6() && r.Bits() >= 96 {
			r = netip.PrefixFrom(r.Addr().Unmap(), r.Bits()-96)
		}
		all = append(all, r)
	}
	return all
}
