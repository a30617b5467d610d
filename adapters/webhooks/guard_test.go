package webhooks

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// What must not be dialled, by what it is; written without a look at the table.
var inside = map[string]string{
	"unspecified": "0.0.0.0/8", "private 10": "10.0.0.0/8", "private 172": "172.16.0.0/12", "private 192": "192.168.0.0/16",
	"carrier": "100.64.0.0/10", "loopback": "127.0.0.0/8", "link-local": "169.254.0.0/16", "assignments": "192.0.0.0/24",
	"documentation 1": "192.0.2.0/24", "documentation 2": "198.51.100.0/24", "documentation 3": "203.0.113.0/24",
	"benchmarks": "198.18.0.0/15", "relays": "192.88.99.0/24", "multicast": "224.0.0.0/4", "reserved": "240.0.0.0/4", "broadcast": "255.255.255.255/32",
	"unspecified 6": "::/128", "loopback 6": "::1/128", "IPv4-compatible": "::/96", "local NAT64": "64:ff9b:1::/48",
	"discard": "100::/64", "dummy": "100:0:0:1::/64", "Teredo": "2001::/32", "benchmarks 6": "2001:2::/48", "ORCHID": "2001:20::/28",
	"documentation 6": "2001:db8::/32", "6to4": "2002::/16", "documentation 7": "3fff::/20", "segment routing": "5f00::/16",
	"unique local": "fc00::/7", "link-local 6": "fe80::/10", "site-local": "fec0::/10", "multicast 6": "ff00::/8",
}

// addressIn draws an address of a range.
func addressIn(t *rapid.T, r netip.Prefix) netip.Addr {
	drawn := rapid.SliceOfN(rapid.Byte(), r.Addr().BitLen()/8, r.Addr().BitLen()/8).Draw(t, "bytes")
	first := r.Masked().Addr().AsSlice()
	for bit := range r.Bits() {
		mask := byte(0x80) >> (bit % 8)
		drawn[bit/8] = drawn[bit/8]&^mask | first[bit/8]&mask
	}
	ip, _ := netip.AddrFromSlice(drawn)
	return ip
}

// forms are the ways in which IPv6 says an IPv4 address.
func forms(ip netip.Addr) map[string]netip.Addr {
	four := ip.As4()
	nat, sixToFour, teredo := nat64.Addr().As16(), [16]byte{0x20, 0x02}, [16]byte{0x20, 0x01}
	copy(nat[12:], four[:])
	copy(sixToFour[2:], four[:])
	copy(teredo[4:], four[:])
	for i, b := range four {
		teredo[12+i] = ^b
	}
	return map[string]netip.Addr{
		"mapped": netip.AddrFrom16(ip.As16()), "NAT64": netip.AddrFrom16(nat),
		"6to4": netip.AddrFrom16(sixToFour), "Teredo": netip.AddrFrom16(teredo),
	}
}

func TestNothingInsideIsDialled(t *testing.T) {
	t.Parallel()
	for name, text := range inside {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := netip.MustParsePrefix(text)
			rapid.Check(t, func(t *rapid.T) {
				ip := addressIn(t, r)
				require.False(t, guard{}.permits(ip), ip)
				require.Error(t, guard{}.control("https")("tcp", netip.AddrPortFrom(ip, 443).String(), nil))
				if ip.Is6() {
					require.False(t, guard{}.permits(ip.WithZone("eth0")), ip)
					return
				}
				for form, six := range forms(ip) {
					require.False(t, guard{}.permits(six), "%s %s %s", form, ip, six)
				}
			})
			// The operator may open it.
			g := guard{allow: []netip.Prefix{r}}
			rapid.Check(t, func(t *rapid.T) {
				ip := addressIn(t, r)
				require.True(t, g.permits(ip), ip)
				require.NoError(t, g.control("http")("tcp", netip.AddrPortFrom(ip, 80).String(), nil))
				require.False(t, guard{allow: g.allow, forbid: g.allow}.permits(ip), "forbidden goes before")
				if ip.Is4() {
					require.True(t, g.permits(forms(ip)["mapped"]), ip)
					require.True(t, g.permits(forms(ip)["NAT64"]), ip)
					require.False(t, guard{allow: g.allow, forbid: g.allow}.permits(forms(ip)["NAT64"]), ip)
				}
			})
		})
	}
}

// What is beside the ranges is public, and the guard does not forbid it.
func TestWhatIsPublicIsDialled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
		"172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
		"198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0", "223.255.255.255", "8.8.8.8",
		"2001:200::", "2001:4860:4860::8888", "2001:db7:ffff::1", "2001:db9::", "2003::", "2606:4700::1111", "2a00::1", "3ffe:ffff::1",
	} {
		ip := netip.MustParseAddr(text)
		require.True(t, guard{}.permits(ip), text)
		require.NoError(t, guard{}.control("https")("tcp", netip.AddrPortFrom(ip, 443).String(), nil), text)
		require.Error(t, guard{}.control("http")("tcp", netip.AddrPortFrom(ip, 80).String(), nil), "http:// is for what is allowed: %s", text)
		if ip.Is4() {
			require.True(t, guard{}.permits(forms(ip)["mapped"]), text)
			require.True(t, guard{}.permits(forms(ip)["NAT64"]), text)
		}
	}
}

func TestAllOfAFamily(t *testing.T) {
	t.Parallel()
	four := guard{allow: plainPrefixes(prefixes("0.0.0.0/0"))}
	require.True(t, four.permits(netip.MustParseAddr("127.0.0.1")))
	require.True(t, four.permits(netip.MustParseAddr("::ffff:169.254.169.254")))
	require.False(t, four.permits(netip.IPv6Loopback()))
	six := guard{allow: plainPrefixes(prefixes("::/0"))}
	require.True(t, six.permits(netip.IPv6Loopback()))
	require.True(t, six.permits(netip.MustParseAddr("fe80::1%eth0")))
	require.False(t, six.permits(netip.MustParseAddr("127.0.0.1")))
	mapped := guard{allow: plainPrefixes(prefixes("::ffff:10.0.0.0/104"))}
	require.True(t, mapped.permits(netip.MustParseAddr("10.255.0.1")))
	require.False(t, mapped.permits(netip.MustParseAddr("192.168.0.1")))
	require.False(t, guard{allow: prefixes("0.0.0.0/0", "::/0")}.permits(netip.Addr{}), "no address at all")
}

// What is not an address is not dialled, whatever else the dialler says.
func TestControlKnowsAddressesOnly(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "localhost:443", "127.0.0.1", "/run/docker.sock", "[fe80::1%eth0]:443"} {
		err := guard{}.control("https")("tcp", address, nil)
		var refused *Error
		require.ErrorAs(t, err, &refused, address)
		require.Equal(t, AddressForbidden, refused.Kind)
		require.NotContains(t, err.Error(), "fe80", "what a name leads to is not told")
	}
}
