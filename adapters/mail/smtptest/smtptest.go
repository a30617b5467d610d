// Package smtptest gives tests a mail server on a loopback address that keeps
// what it is sent.
package smtptest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Options of a Server. The zero value takes everything, in plain.
type Options struct {
	Addr     string      // to listen on; empty: a free one
	TLS      *tls.Config // offers STARTTLS
	Implicit bool        // TLS from the start
	// User has to sign in with Password; empty: nobody has to.
	User, Password string
	// OnRcpt and OnData answer for a recipient and a message; nil: accepted.
	OnRcpt, OnData func() error
	// Drop says that the connection breaks after a message was taken, before the
	// server says so; nil: never.
	Drop func() bool
}

// Message is one the server has taken.
type Message struct {
	From, To, Text string
	TLS            bool
}

// Server is a running mail server.
type Server struct {
	Options
	Messages chan Message // that were taken
	server   *smtp.Server
	listener net.Listener
	done     chan struct{}

	mu  sync.Mutex
	raw bytes.Buffer
}

// Start starts a server that is stopped when the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", o.Addr) //nolint:noctx // of a test
	if err != nil {
		t.Fatalf("smtptest: %v", err)
	}
	o.Addr = listener.Addr().String()
	s := &Server{Options: o, Messages: make(chan Message, 100), listener: listener, done: make(chan struct{})}
	listener = wire{listener, s}
	if o.Implicit {
		listener = tls.NewListener(listener, o.TLS)
	}
	s.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	s.server.TLSConfig, s.server.AllowInsecureAuth = o.TLS, true
	s.server.ErrorLog = log.New(io.Discard, "", 0)
	go func() {
		defer close(s.done)
		_ = s.server.Serve(listener)
	}()
	t.Cleanup(s.Stop)
	return s
}

// Stop ends the server and its connections.
func (s *Server) Stop() {
	_ = s.server.Close()
	_ = s.listener.Close() // which the server may not have known of yet
	<-s.done
}

// Overheard is what came over the wire, as anybody on the way would see it.
func (s *Server) Overheard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.raw.String()
}

// wire is a listener whose connections are overheard.
type wire struct {
	net.Listener
	server *Server
}

func (w wire) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return tapped{c, w.server}, nil
}

type tapped struct {
	net.Conn
	server *Server
}

func (t tapped) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.server.mu.Lock()
	defer t.server.mu.Unlock()
	t.server.raw.Write(b[:n])
	return n, err
}

type session struct {
	server   *Server
	conn     *smtp.Conn
	signedIn bool
	message  Message
}

func (s *session) AuthMechanisms() []string {
	if s.server.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.signedIn = user == s.server.User && password == s.server.Password; !s.signedIn {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.User != "" && !s.signedIn {
		return &smtp.SMTPError{Code: 530, Message: "sign in first"}
	}
	s.message.From = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.message.To = to
	if s.server.OnRcpt != nil {
		return s.server.OnRcpt()
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.server.OnData != nil {
		if err := s.server.OnData(); err != nil {
			return err
		}
	}
	_, s.message.TLS = s.conn.TLSConnectionState()
	s.message.Text = string(text)
	select {
	case s.server.Messages <- s.message:
		if s.server.Drop != nil && s.server.Drop() {
			_ = s.conn.Conn().Close()
		}
		return nil
	default:
		return errors.New("nobody reads the messages")
	}
}

func (s *session) Reset()        { s.message = Message{} }
func (s *session) Logout() error { return nil }
