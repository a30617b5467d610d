package webhooks

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	public, local := NewSender(Options{}), NewSender(Options{Allow: prefixes("127.0.0.0/8", "10.1.0.0/16", "::1/128")})
	for address, want := range map[string]struct{ public, local Kind }{
		"https://hooks.example.com":                              {},
		"https://hooks.example.com/a/b?token=x&y":                {},
		"HTTPS://Hooks.Example.Com:8443/":                        {},
		"https://hooks.example.com.:443/":                        {},
		"https://under_score.example.com/":                       {},
		"https://bücher.example/":                                {},
		"https://xn--bcher-kva.example/ü":                        {},
		"https://1.1.1.1/":                                       {},
		"https://[2606:4700::1111]:443/":                         {},
		"https://[::ffff:1.1.1.1]/":                              {},
		"https://hooks.example.com/" + strings.Repeat("x", 2022): {},
		"https://hooks.example.com/" + strings.Repeat("x", 2023): {AddressInvalid, AddressInvalid},
		"":                                                   {AddressInvalid, AddressInvalid},
		"hooks.example.com":                                  {AddressInvalid, AddressInvalid},
		"//hooks.example.com/":                               {AddressInvalid, AddressInvalid},
		"/relative":                                          {AddressInvalid, AddressInvalid},
		"https:hooks.example.com":                            {AddressInvalid, AddressInvalid},
		"https://":                                           {AddressInvalid, AddressInvalid},
		"https:///path":                                      {AddressInvalid, AddressInvalid},
		"https://:443/":                                      {AddressInvalid, AddressInvalid},
		"ftp://hooks.example.com/":                           {AddressInvalid, AddressInvalid},
		"file:///etc/passwd":                                 {AddressInvalid, AddressInvalid},
		"gopher://10.1.0.1:6379/_x":                          {AddressInvalid, AddressInvalid},
		"https://zoe@hooks.example.com/":                     {AddressInvalid, AddressInvalid},
		"https://zoe:pw@hooks.example.com/":                  {AddressInvalid, AddressInvalid},
		"https://@hooks.example.com/":                        {AddressInvalid, AddressInvalid},
		"https://hooks.example.com/#part":                    {AddressInvalid, AddressInvalid},
		"https://hooks.example.com/#":                        {AddressInvalid, AddressInvalid},
		"https://hooks.example.com/a b":                      {AddressInvalid, AddressInvalid},
		" https://hooks.example.com/":                        {AddressInvalid, AddressInvalid},
		"https://hooks.example.com/?a\r\nX: y":               {AddressInvalid, AddressInvalid},
		"https://hooks.example.com/?ü":                       {AddressInvalid, AddressInvalid},
		"https://hooks.example.com/\xff":                     {AddressInvalid, AddressInvalid},
		"https://hooks.example.com\\@10.1.0.1":               {AddressInvalid, AddressInvalid},
		"https://hooks..example.com/":                        {AddressInvalid, AddressInvalid},
		"https://.example.com/":                              {AddressInvalid, AddressInvalid},
		"https://hooks.example.com../":                       {AddressInvalid, AddressInvalid},
		"https://./":                                         {AddressInvalid, AddressInvalid},
		"https://" + strings.Repeat("x", 64) + ".example/":   {AddressInvalid, AddressInvalid},
		"https://" + strings.Repeat("abc.", 63) + "example/": {AddressInvalid, AddressInvalid},
		"https://hooks.example.com:0/":                       {AddressForbidden, AddressForbidden},
		"https://hooks.example.com:22/":                      {AddressForbidden, AddressForbidden},
		"https://hooks.example.com:25/":                      {AddressForbidden, AddressForbidden},
		"https://hooks.example.com:6667/":                    {AddressForbidden, AddressForbidden},
		"https://hooks.example.com:65536/":                   {AddressForbidden, AddressForbidden},
		"https://hooks.example.com:x/":                       {AddressInvalid, AddressInvalid},

		"http://hooks.example.com/":       {public: AddressInvalid}, // who it is, is seen when it is dialled
		"http://1.1.1.1/":                 {AddressInvalid, AddressInvalid},
		"http://10.1.2.3/":                {public: AddressInvalid},
		"https://10.1.2.3:9000/":          {public: AddressForbidden},
		"https://receiver:9000/":          {public: AddressForbidden},
		"https://localhost/":              {public: AddressForbidden},
		"https://LocalHost.:8080/":        {public: AddressForbidden},
		"https://app.localhost/":          {public: AddressForbidden},
		"https://127.0.0.1/":              {public: AddressForbidden},
		"https://[::1]/":                  {public: AddressForbidden},
		"https://[::ffff:127.0.0.1]/":     {public: AddressForbidden},
		"https://[::ffff:7f00:1]/":        {public: AddressForbidden},
		"https://[64:ff9b::7f00:1]/":      {public: AddressForbidden},
		"https://10.2.0.1/":               {AddressForbidden, AddressForbidden},
		"https://169.254.169.254/latest/": {AddressForbidden, AddressForbidden},
		"https://[fe80::1]/":              {AddressForbidden, AddressForbidden},
		"https://[fe80::1%25eth0]/":       {AddressForbidden, AddressForbidden},
		"https://[2606:4700::1%25eth0]/":  {AddressForbidden, AddressForbidden},
		"https://[fd00:ec2::254]/":        {AddressForbidden, AddressForbidden},
		"https://0.0.0.0/":                {AddressForbidden, AddressForbidden},
		// Addresses to some resolver, names to others.
		"https://127.1/":                {AddressInvalid, AddressInvalid},
		"https://2130706433/":           {AddressInvalid, AddressInvalid},
		"https://0x7f.0.0.1/":           {AddressInvalid, AddressInvalid},
		"https://127.0.0.0x1/":          {AddressInvalid, AddressInvalid},
		"https://0177.0.0.01/":          {AddressInvalid, AddressInvalid},
		"https://127.0.0.1./":           {AddressInvalid, AddressInvalid},
		"https://①②⑦.⓪.⓪.①/":            {AddressInvalid, AddressInvalid},
		"https://127。0。0。1/":            {AddressInvalid, AddressInvalid},
		"https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/":            {public: AddressForbidden},
		"https://%31%32%37.0.0.1/":      {AddressInvalid, AddressInvalid},
		"https://hooks.example.com%00/": {AddressInvalid, AddressInvalid},
	} {
		require.Equal(t, want.public, kindOf(t, public.Check(address)), "%q", address)
		require.Equal(t, want.local, kindOf(t, local.Check(address)), "allowed: %q", address)
	}
}

func kindOf(t *testing.T, err error) Kind {
	t.Helper()
	if err == nil {
		return ""
	}
	var failure *Error
	require.ErrorAs(t, err, &failure)
	require.NotEmpty(t, failure.Reason)
	return failure.Kind
}

func TestHostsAsTheyAreCalled(t *testing.T) {
	t.Parallel()
	s := NewSender(Options{})
	for address, want := range map[string]string{
		"HTTPS://BÜCHER.example:8443/ü?x=1": "https://xn--bcher-kva.example:8443/%C3%BC?x=1",
		"https://[::ffff:1.1.1.1]:443":      "https://1.1.1.1:443",
		"https://[2606:4700:0::1111]:443/":  "https://[2606:4700::1111]:443/",
		"https://[2606:4700:0::1111]/":      "https://[2606:4700::1111]/",
		"https://a.example:/x":              "https://a.example/x",
	} {
		u, err := s.parse(address)
		require.NoError(t, err, address)
		require.Equal(t, want, u.String())
	}
}

// Whatever Check lets pass is a request to a host that may be called.
func FuzzCheck(f *testing.F) {
	for _, address := range []string{
		"https://hooks.example.com/a?b=c", "https://127.0.0.1", "https://[::ffff:10.0.0.1]:8443/", "https://bücher.example/ü", "https://①.example",
		"https://[fe80::1%25eth0]/", "http://x.example", "https://u:p@x.example/#f", "https://2130706433/", "https://0x7f.1/", "https://x.example:99999",
	} {
		f.Add(address)
	}
	s := NewSender(Options{})
	f.Fuzz(func(t *testing.T, address string) {
		u, err := s.parse(address)
		if require.Equal(t, err, s.Check(address)); err != nil {
			require.NotEmpty(t, kindOf(t, err))
			return
		}
		require.LessOrEqual(t, len(address), maxAddress)
		request, err := http.NewRequest(http.MethodPost, u.String(), nil)
		require.NoError(t, err)
		require.Equal(t, "https", request.URL.Scheme)
		require.Equal(t, u.Host, request.URL.Host, "read again, it is the same")
		require.Nil(t, request.URL.User)
		require.Empty(t, request.URL.Fragment)
		require.NoError(t, s.Check(u.String()))
		host := request.URL.Hostname()
		require.NotContains(t, host, "%")
		if ip, err := netip.ParseAddr(host); err == nil {
			require.True(t, guard{}.permits(ip), host)
		} else {
			require.Contains(t, strings.TrimSuffix(host, "."), ".")
		}
		_, err = url.ParseRequestURI(request.URL.RequestURI())
		require.NoError(t, err)
	})
}
