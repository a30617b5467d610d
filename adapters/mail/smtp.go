package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/fleetledger/fleetledger/app/ports"
)

// SMTPOptions say where the mail server is.
type SMTPOptions struct {
	// URL is smtp://[user:password@]host[:port] or smtps://...; ports are 25, or
	// 587 with credentials, and 465. See Server for what is encrypted.
	URL string
	// From is the sender, an address with or without a name.
	From string
	// Timeout bounds one sending. Default 30 s.
	Timeout time.Duration
	// Roots are the authorities that may have issued the server's certificate; nil:
	// those that the machine trusts.
	Roots *x509.CertPool
	// Dial connects; nil: over the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Server is a mail server reached over SMTP.
//
// smtps is encrypted from the start, smtp as soon as the server offers STARTTLS.
// With credentials the server has to offer it, or nothing is sent. A server on this
// machine (localhost, a loopback address) need not, and any certificate will do: a
// local relay signs its own.
type Server struct {
	SMTPOptions
	host     string
	port     int
	user     *url.Userinfo
	implicit bool // TLS from the start
	loopback bool
}

// ErrURL says that a URL names no mail server. It does not repeat the URL, which
// may hold a password.
var ErrURL = errors.New("is not smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://HOST")

// NewServer checks the options. It does not connect.
func NewServer(o SMTPOptions) (*Server, error) {
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, ErrURL
	}
	if _, err := netmail.ParseAddress(o.From); err != nil {
		return nil, fmt.Errorf("%q is not a sender's address", o.From)
	}
	s := &Server{SMTPOptions: o, host: u.Hostname(), user: u.User, implicit: u.Scheme == "smtps"}
	ip := net.ParseIP(s.host)
	s.loopback = s.host == "localhost" || ip != nil && ip.IsLoopback()
	switch {
	case u.Port() != "":
		if s.port, err = strconv.Atoi(u.Port()); err != nil || s.port < 1 || s.port > 65535 {
			return nil, ErrURL
		}
	case s.implicit:
		s.port = 465
	case s.user != nil:
		s.port = 587
	default:
		s.port = 25
	}
	return s, nil
}

// RefusedError says that the mail server does not want this mail, now or later.
type RefusedError struct{ err error }

func (e *RefusedError) Error() string { return e.err.Error() }

func (e *RefusedError) Unwrap() error { return e.err }

// Send hands the mail to the server. Once the server has taken it, that is a
// success, whatever happens to the connection afterwards. A *RefusedError is for
// good, any other error may pass. A server that does not know us (530 and the
// like) may pass too: the configuration is wrong and not the mail.
func (s *Server) Send(ctx context.Context, m ports.Mail) error {
	message, err := compose(s.From, m)
	if err != nil {
		return &RefusedError{err}
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	err = s.deliver(ctx, message)
	if err == nil || message.IsDelivered() {
		return nil
	}
	err = fmt.Errorf("send mail %s: %w", m.ID, err)
	if answer, ok := errors.AsType[*gomail.SendError](err); ok && answer.ErrorCode() >= 500 {
		switch answer.ErrorCode() {
		case 530, 534, 535, 538: // who we are is in doubt
		default:
			return &RefusedError{err}
		}
	}
	return err
}

// deliver uses one connection, which ends with the context.
func (s *Server) deliver(ctx context.Context, message *gomail.Msg) error {
	closeConn := func() {}
	defer func() { closeConn() }()
	client, err := gomail.NewClient(s.host, append(s.security(),
		gomail.WithPort(s.port), gomail.WithTimeout(s.Timeout), gomail.WithoutNoop(),
		gomail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
			conn, err := s.Dial(dialing, network, address)
			if err != nil {
				return nil, err
			}
			stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
			closeConn = func() { stop(); _ = conn.Close() }
			if s.implicit {
				return tls.Client(conn, s.tls()), nil
			}
			return conn, nil
		}))...)
	if err != nil {
		return err
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	if err := client.SendWithSMTPClient(session, message); err != nil {
		return err
	}
	_ = client.CloseWithSMTPClient(session) // it has the mail
	return nil
}

func (s *Server) tls() *tls.Config {
	return &tls.Config{
		ServerName: s.host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: s.loopback, //nolint:gosec // nobody is in between; see Server
	}
}

func (s *Server) security() []gomail.Option {
	options := []gomail.Option{gomail.WithTLSConfig(s.tls())}
	switch {
	case s.implicit:
		options = append(options, gomail.WithSSL())
	case s.user != nil && !s.loopback:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	}
	if s.user == nil {
		return options
	}
	mechanisms := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin}
	if s.loopback {
		mechanisms = []gomail.SMTPAuthType{gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
	}
	password, _ := s.user.Password()
	return append(options, gomail.WithOpportunisticSMTPAuth(mechanisms...),
		gomail.WithUsername(s.user.Username()), gomail.WithPassword(password))
}
