package webhooks

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"time"
)

// Options are a Sender's.
type Options struct {
	// Allow are ranges that may be dialled although they are not public, and the only
	// ones that may be called by http://. 0.0.0.0/0 and ::/0 are everything.
	Allow []netip.Prefix
	// Forbid are ranges that may not be dialled, besides those that never may; it goes
	// before Allow.
	Forbid []netip.Prefix
	// Timeout is that of a whole exchange, from the name to the answer's end; zero: 15s.
	Timeout time.Duration
	// Resolver finds the addresses of names; nil: net.DefaultResolver.
	Resolver *net.Resolver
	// Roots are the authorities whose certificates are good; nil: the machine's.
	Roots *x509.CertPool
	// UserAgent is how the service calls itself.
	UserAgent string
}

const (
	defaultTimeout   = 15 * time.Second
	defaultUserAgent = "Fleetledger-Webhooks"
	maxHeader        = 16 << 10
	streamBuffer     = 64 << 10 // what an HTTP/2 endpoint may send ahead of being read
)

// Sender sends messages. It is safe for concurrent use.
type Sender struct {
	guard     guard
	timeout   time.Duration
	userAgent string
	// One for each scheme, so that what was dialled for http:// under its own rule is
	// not found by anybody else.
	https, http *http.Transport
}

// NewSender makes a Sender.
func NewSender(o Options) *Sender {
	s := &Sender{guard: guard{plainPrefixes(o.Allow), plainPrefixes(o.Forbid)}, timeout: o.Timeout, userAgent: o.UserAgent}
	if s.timeout <= 0 {
		s.timeout = defaultTimeout
	}
	if s.userAgent == "" {
		s.userAgent = defaultUserAgent
	}
	s.https, s.http = s.transport("https", o), s.transport("http", o)
	return s
}

// transport keeps few connections, and none for long. Dialling and the handshake have
// limits of their own: net/http goes on with them when nobody waits any more.
func (s *Sender) transport(scheme string, o Options) *http.Transport {
	dialer := &net.Dialer{Timeout: s.timeout, Resolver: o.Resolver, Control: s.guard.control(scheme)}
	return &http.Transport{
		Proxy:                  nil, // a proxy would dial what it is told
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.Roots},
		TLSHandshakeTimeout:    s.timeout,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxHeader,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream: streamBuffer,
			SendPingTimeout:           s.timeout, // else a dead connection is used for ever
			PingTimeout:               s.timeout,
		},
	}
}

// Close closes connections that nobody uses.
func (s *Sender) Close() {
	s.https.CloseIdleConnections()
	s.http.CloseIdleConnections()
}

// Send sends a message to an address, once. It was delivered if there is no error: a
// status of 2xx arrived, whatever becomes of the answer's body. Otherwise the error is
// an *Error, with an Answer if there was one; or the context's own; or says that the
// message cannot be sent as it is.
func (s *Sender) Send(ctx context.Context, address string, m Message) (Answer, error) {
	target, err := s.parse(address)
	if err != nil {
		return Answer{}, err
	}
	header, err := m.header()
	if err != nil {
		return Answer{}, err
	}
	header.Set("User-Agent", s.userAgent)
	begun := time.Now()
	answer, err := s.exchange(ctx, target, header, m.Body)
	answer.Took = time.Since(begun)
	return answer, err
}

// exchange uses the transport itself: http.Client would follow redirects.
func (s *Sender) exchange(caller context.Context, target *url.URL, header http.Header, body []byte) (Answer, error) {
	var p progress
	ctx, cancel := context.WithTimeout(httptrace.WithClientTrace(caller, p.trace()), s.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), bytes.NewReader(body))
	if err != nil {
		return Answer{}, invalid("the address is not a URL")
	}
	request.Header = header
	transport := s.https
	if target.Scheme == "http" {
		transport = s.http
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return Answer{}, s.failure(caller, &p, err)
	}
	defer func() { _ = response.Body.Close() }()
	answer := Answer{Status: response.StatusCode, Body: beginning(response.Body)}
	switch status := response.StatusCode; {
	case status >= 200 && status < 300:
		return answer, nil
	case status >= 300 && status < 400:
		return answer, &Error{Kind: AnswerRedirect, Reason: fmt.Sprintf("the host answered %d, a redirect; they are not followed", status)}
	default:
		return answer, &Error{Kind: AnswerStatus, Reason: fmt.Sprintf("the host answered %d instead of 2xx", status)}
	}
}
