package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// certified is a certificate of its own for the loopback address, and its key.
type certified struct {
	serial    int64
	cert, key []byte // PEM
}

func certify(t *testing.T, serial int64) certified {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "fleet"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return certified{
		serial, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
}

// replace puts a file in place of another, as programs that renew certificates do.
func replace(t *testing.T, file string, data []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(file+".new", data, 0o600))
	require.NoError(t, os.Rename(file+".new", file))
}

func TestTLS(t *testing.T) {
	t.Parallel()
	first, second, third := certify(t, 1), certify(t, 2), certify(t, 3)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	replace(t, cert, first.cert)
	replace(t, key, first.key)
	s := serve(t, filepath.Join(dir, "data"), "--tls-cert", cert, "--tls-key", key)
	require.True(t, strings.HasPrefix(s.url, "https://127.0.0.1:"), s.url)
	require.Equal(t, s.url+"/docs", s.printed("documentation at "))

	roots := x509.NewCertPool()
	for _, c := range []certified{first, second, third} {
		require.True(t, roots.AppendCertsFromPEM(c.cert))
	}
	get := func(path string, latest uint16) (*http.Response, error) {
		transport := &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: latest},
			DisableKeepAlives: true, ForceAttemptHTTP2: true,
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, http.NoBody)
		require.NoError(t, err)
		answer, err := transport.RoundTrip(request)
		if err == nil {
			require.NoError(t, answer.Body.Close())
		}
		return answer, err
	}
	serial := func() int64 {
		answer, err := get("/healthz", 0)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.StatusCode)
		return answer.TLS.PeerCertificates[0].SerialNumber.Int64()
	}

	require.Equal(t, first.serial, serial())
	_, err := get("/healthz", tls.VersionTLS11)
	require.ErrorContains(t, err, "protocol version")
	answer, err := get("/sign-in", tls.VersionTLS12)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.NotEmpty(t, answer.Header.Get("Strict-Transport-Security"))
	plain, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Replace(s.url, "https", "http", 1)+"/healthz", http.NoBody)
	require.NoError(t, err)
	answer, err = http.DefaultClient.Do(plain)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusBadRequest, answer.StatusCode, "without TLS nothing is answered")

	replace(t, cert, second.cert)
	require.Equal(t, first.serial, serial(), "the key is still another certificate's")
	replace(t, key, second.key)
	require.Equal(t, second.serial, serial(), "renewed")
	replace(t, key, []byte("no key"))
	require.Equal(t, second.serial, serial(), "what is broken is not taken over")
	require.NoError(t, os.Remove(cert))
	require.Equal(t, second.serial, serial(), "what is gone neither")
	replace(t, key, third.key)
	replace(t, cert, third.cert)
	require.Equal(t, third.serial, serial())
	s.stop()
	require.Contains(t, s.log.String(), "the certificate was read again")
	require.Contains(t, s.log.String(), "the certificate has changed and cannot be used")
}

func TestTLSThatCannotBe(t *testing.T) {
	t.Parallel()
	one, other := certify(t, 1), certify(t, 2)
	dir := t.TempDir()
	cert, key, broken, missing := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "other.key"), filepath.Join(dir, "broken"), filepath.Join(dir, "missing")
	replace(t, cert, one.cert)
	replace(t, key, other.key)
	replace(t, broken, []byte("nothing"))
	for name, files := range map[string][2]string{
		"FLEETLEDGER_TLS_CERT: stat " + missing:                                {missing, key},
		"FLEETLEDGER_TLS_KEY: stat " + missing:                                 {cert, missing},
		"FLEETLEDGER_TLS_CERT: read " + dir:                                    {dir, key},
		"FLEETLEDGER_TLS_CERT, FLEETLEDGER_TLS_KEY: " + cert + " and " + key:   {cert, key},
		"FLEETLEDGER_TLS_CERT, FLEETLEDGER_TLS_KEY: " + broken + " and " + key: {broken, key},
	} {
		said := refusal(t, "--data-dir", filepath.Join(dir, "data"), "--tls-cert", files[0], "--tls-key", files[1])
		require.Contains(t, said, name)
		require.NoDirExists(t, filepath.Join(dir, "data"), "nothing was started")
	}
}

// proxied sends requests as a proxy would, from an address of its own.
type proxied struct {
	from   string
	header http.Header
}

func (p proxied) RoundTrip(r *http.Request) (*http.Response, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(p.from)}}
	transport := &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}
	r = r.Clone(r.Context())
	for name, values := range p.header {
		r.Header[name] = values
	}
	return transport.RoundTrip(r)
}

const (
	formType    = "application/x-www-form-urlencoded"
	trustedPeer = "127.0.0.2" // Linux has all of 127.0.0.0/8
	strangePeer = "127.0.0.1"
)

func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	cmd := program(context.Background(), "serve", "--addr", "127.0.0.1:0", "--sign-ins-by-address", "3")
	dir := t.TempDir()
	cmd.Env = append(cmd.Env, "FLEETLEDGER_DATA_DIR="+dir, "FLEETLEDGER_TRUSTED_PROXIES=10.0.0.0/8, "+trustedPeer)
	s := begin(t, dir, cmd)
	visit := func(peer, method, path, media, body string, header http.Header) *http.Response {
		request, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Content-Type", media)
		answer, err := proxied{peer, header}.RoundTrip(request)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		return answer
	}
	attempts := 0
	attempt := func(peer, hops string) int {
		attempts++ // each with another e-mail address: those are counted, too
		body := fmt.Sprintf(`{"email":"n%d@x.example","password":"wrong horse battery"}`, attempts)
		return visit(peer, http.MethodPost, "/v1/sessions", "application/json", body, http.Header{"X-Forwarded-For": {hops}}).StatusCode
	}

	for range 3 {
		require.Equal(t, http.StatusUnauthorized, attempt(trustedPeer, "203.0.113.1"))
	}
	require.Equal(t, http.StatusTooManyRequests, attempt(trustedPeer, "203.0.113.1"))
	require.Equal(t, http.StatusTooManyRequests, attempt(trustedPeer, "198.51.100.9, 203.0.113.1"), "what the client says itself does not count")
	require.Equal(t, http.StatusTooManyRequests, attempt(trustedPeer, "203.0.113.1, 10.0.0.7"), "through another trusted one")
	require.Equal(t, http.StatusUnauthorized, attempt(trustedPeer, "203.0.113.2"), "others go on")

	for i := range 3 {
		require.Equal(t, http.StatusUnauthorized, attempt(strangePeer, fmt.Sprint("198.51.100.", i)))
	}
	require.Equal(t, http.StatusTooManyRequests, attempt(strangePeer, "198.51.100.9"), "a stranger is its own address")

	// The page is a client of the interface in the same process.
	form := url.Values{"email": {"ann@x.example"}, "password": {"wrong horse battery"}}.Encode()
	signIn := func(peer, hop string) int {
		return visit(peer, http.MethodPost, "/sign-in", formType, form, http.Header{"X-Forwarded-For": {hop}}).StatusCode
	}
	require.Equal(t, http.StatusTooManyRequests, signIn(trustedPeer, "203.0.113.1"))
	require.NotEqual(t, http.StatusTooManyRequests, signIn(trustedPeer, "203.0.113.3"))
	require.Equal(t, http.StatusTooManyRequests, signIn(strangePeer, "203.0.113.3"))

	https := http.Header{"X-Forwarded-Proto": {"https"}}
	require.NotEmpty(t, visit(trustedPeer, http.MethodGet, "/sign-in", formType, "", https).Header.Get("Strict-Transport-Security"))
	require.Empty(t, visit(strangePeer, http.MethodGet, "/sign-in", formType, "", https).Header.Get("Strict-Transport-Security"))
	require.Empty(t, visit(trustedPeer, http.MethodGet, "/sign-in", formType, "", nil).Header.Get("Strict-Transport-Security"))
	token := url.Values{"operatorToken": {s.token}}.Encode()
	cookie := func(peer string) *http.Cookie {
		answer := visit(peer, http.MethodPost, "/sign-in", formType, token, https)
		require.Len(t, answer.Cookies(), 1, answer.Status)
		return answer.Cookies()[0]
	}
	require.True(t, cookie(trustedPeer).Secure)
	require.False(t, cookie(strangePeer).Secure, "on the machine itself, without TLS")
}
