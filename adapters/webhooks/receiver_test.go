package webhooks_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/binary"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/fleetledger/fleetledger/adapters/webhooks"
)

// host is a name in the certificate of httptest's servers.
const host = "hooks.example.com"

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

// receiver is an endpoint. It counts connections.
type receiver struct {
	*httptest.Server
	connections atomic.Int64
}

// receive starts an endpoint with TLS that speaks HTTP/1.1.
func receive(t *testing.T, answer http.HandlerFunc, options ...func(*httptest.Server)) *receiver {
	t.Helper()
	r := &receiver{Server: httptest.NewUnstartedServer(answer)}
	r.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			r.connections.Add(1)
		}
	}
	for _, option := range options {
		option(r.Server)
	}
	r.StartTLS()
	t.Cleanup(r.Close)
	return r
}

func withHTTP2(s *httptest.Server) { s.EnableHTTP2 = true }

// address is the receiver's by name.
func (r *receiver) address() string { return "https://" + host + ":" + r.port() + "/hook" }

func (r *receiver) port() string {
	_, port, _ := net.SplitHostPort(r.Listener.Addr().String())
	return port
}

// sender makes a Sender that may dial the receiver, trusts it, and finds it by name.
func (r *receiver) sender(t *testing.T, change ...func(*webhooks.Options)) *webhooks.Sender {
	t.Helper()
	o := webhooks.Options{Allow: loopback, Roots: x509.NewCertPool(), Resolver: always("127.0.0.1")}
	o.Roots.AddCert(r.Certificate())
	for _, c := range change {
		c(&o)
	}
	s := webhooks.NewSender(o)
	t.Cleanup(s.Close)
	return s
}

func within(timeout time.Duration) func(*webhooks.Options) {
	return func(o *webhooks.Options) { o.Timeout = timeout }
}

// message is one to send.
func message() webhooks.Message {
	return webhooks.Message{
		ID: "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", At: time.Now(), Body: []byte(`{"type":"device.renewed","data":{"text":"ü"}}`),
		Secrets: []webhooks.Secret{anySecret()},
	}
}

// failedWith is the error of a kind that is expected.
func failedWith(t *testing.T, kind webhooks.Kind, err error) *webhooks.Error {
	t.Helper()
	var failure *webhooks.Error
	require.ErrorAs(t, err, &failure)
	require.Equal(t, kind, failure.Kind, "%v: %v", err, failure.Unwrap())
	require.NotContains(t, failure.Reason, "127.0.0.", "nothing of the inside is told")
	return failure
}

// always resolves each name to addresses.
func always(ips ...string) *net.Resolver { return resolver(func() []string { return ips }) }

// resolver asks a server of DNS that answers each question for an IPv4 address with
// what is said then; nothing: there is no such name.
func resolver(answers func() []string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer func() { _ = server.Close() }()
			var size [2]byte
			for {
				if _, err := io.ReadFull(server, size[:]); err != nil {
					return
				}
				question := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(server, question); err != nil {
					return
				}
				answer := resolve(question, answers)
				if _, err := server.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
					return
				}
			}
		}()
		return client, nil
	}}
}

func resolve(question []byte, answers func() []string) []byte {
	var q, a dnsmessage.Message
	if err := q.Unpack(question); err != nil {
		return nil
	}
	a.Header = dnsmessage.Header{ID: q.ID, Response: true, RecursionAvailable: true}
	a.Questions = q.Questions
	if q.Questions[0].Type == dnsmessage.TypeA {
		ips := answers()
		if len(ips) == 0 {
			a.RCode = dnsmessage.RCodeNameError
		}
		for _, ip := range ips {
			a.Answers = append(a.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET},
				Body:   &dnsmessage.AResource{A: netip.MustParseAddr(ip).As4()},
			})
		}
	}
	packed, err := a.Pack()
	if err != nil {
		return nil
	}
	return packed
}

// anySecret is another one each time.
func anySecret() webhooks.Secret {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails, by its documentation
	return webhooks.NewSecret(key)
}
