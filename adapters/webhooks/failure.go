package webhooks

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"sync"
	"syscall"
)

// Kind is why a message was not delivered: a stable code.
type Kind string

// The kinds. AddressInvalid and AddressForbidden remain until the address, the name's
// records or the configuration change; with AnswerStatus and AnswerRedirect the Answer
// tells more; the others may pass.
const (
	AddressInvalid   Kind = "address_invalid"
	AddressForbidden Kind = "address_forbidden"
	DNSFailed        Kind = "dns_failed"
	ConnectFailed    Kind = "connect_failed"
	TLSFailed        Kind = "tls_failed"
	TimedOut         Kind = "timeout"
	AnswerBroken     Kind = "answer_broken"
	AnswerRedirect   Kind = "answer_redirect"
	AnswerStatus     Kind = "answer_status"
)

// Error says why a message was not delivered. Its text is for whoever chose the
// address: nothing of the inside is in it. What it wraps is for the operator.
type Error struct {
	Kind   Kind
	Reason string
	err    error
}

func (e *Error) Error() string { return e.Reason }

func (e *Error) Unwrap() error { return e.err }

const maxReason = 300 // bytes

// progress is how far an exchange came. It is written by whatever goroutine dials.
type progress struct {
	mu        sync.Mutex
	connected bool
	handshake error
}

func (p *progress) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.handshake = err
		},
		GotConn: func(httptrace.GotConnInfo) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.connected = true
		},
	}
}

// failure says why there is no answer. The caller's own context is not the endpoint's
// fault and remains what it is.
func (s *Sender) failure(caller context.Context, p *progress, err error) error {
	if caller.Err() != nil {
		return caller.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	failed := func(kind Kind, reason string) error { return &Error{Kind: kind, Reason: reason, err: err} }
	if refused, ok := errors.AsType[*Error](err); ok {
		return refused
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		if p.connected {
			return failed(TimedOut, fmt.Sprintf("no answer within %v", s.timeout))
		}
		return failed(TimedOut, fmt.Sprintf("no connection within %v", s.timeout))
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return failed(DNSFailed, "the host's name has no address")
		}
		return failed(DNSFailed, "the host's name could not be resolved")
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return failed(ConnectFailed, "no connection to the host: "+innermost(err))
	}
	if p.handshake != nil {
		return failed(TLSFailed, "no secure connection to the host: "+innermost(err))
	}
	return failed(AnswerBroken, "the answer broke off or is not one of HTTP: "+innermost(err))
}

// innermost is the text of an error without addresses of the connection: they tell
// where this service is inside.
func innermost(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return legible([]byte(err.Error()), maxReason)
}
