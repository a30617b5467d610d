package mail_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"math/big"
	"mime"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/mail"
	"github.com/fleetledger/fleetledger/adapters/mail/smtptest"
	"github.com/fleetledger/fleetledger/app/ports"
)

const from = "Fleetledger <desk@fleet.example>"

func letter() ports.Mail {
	return ports.Mail{
		ID: uuid.New(), To: "zoe@customer.example", Subject: "Your account – ready",
		Body: "https://fleet.example/v1/activations/the-secret-token\n", At: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC),
	}
}

// certificate makes a server's certificate for a name, and who vouches for it.
func certificate(t *testing.T, name string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}, roots
}

// server is a client of a mail server that goes by a name of the wide network.
func server(t *testing.T, url string, at *smtptest.Server, roots *x509.CertPool) *mail.Server {
	t.Helper()
	s, err := mail.NewServer(mail.SMTPOptions{
		URL: url, From: from, Roots: roots, Timeout: 5 * time.Second,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, at.Addr)
		},
	})
	require.NoError(t, err)
	return s
}

func local(t *testing.T, url string) *mail.Server {
	t.Helper()
	s, err := mail.NewServer(mail.SMTPOptions{URL: url, From: from, Timeout: 5 * time.Second})
	require.NoError(t, err)
	return s
}

const password = "open sesame: + / @"

const withPassword = "desk:open%20sesame%3A%20%2B%20%2F%20%40@"

func TestSMTP(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Options{})
	m := letter()
	client := local(t, "smtp://"+s.Addr)
	require.NoError(t, client.Send(t.Context(), m))
	got := <-s.Messages
	require.Equal(t, "desk@fleet.example", got.From)
	require.Equal(t, m.To, got.To)
	require.Contains(t, got.Text, "Message-ID: <"+m.ID.String()+"@fleetledger>")
	require.Contains(t, got.Text, "the-secret-token")
	require.NoError(t, client.Send(t.Context(), m))
	require.Contains(t, (<-s.Messages).Text, "Message-ID: <"+m.ID.String()+"@fleetledger>", "a repeat is the same mail")
}

// A password goes over an encrypted connection only, to whoever has the right
// certificate, unless it stays on this machine.
func TestCredentialsAreNotOverheard(t *testing.T) {
	t.Parallel()
	config, roots := certificate(t, "mail.example")
	for name, c := range map[string]struct {
		url     string
		offer   smtptest.Options
		roots   *x509.CertPool
		arrives bool
	}{
		"STARTTLS":              {"smtp://" + withPassword + "mail.example", smtptest.Options{TLS: config}, roots, true},
		"from the start":        {"smtps://" + withPassword + "mail.example", smtptest.Options{TLS: config, Implicit: true}, roots, true},
		"no STARTTLS":           {"smtp://" + withPassword + "mail.example", smtptest.Options{}, roots, false},
		"untrusted":             {"smtp://" + withPassword + "mail.example", smtptest.Options{TLS: config}, nil, false},
		"untrusted, from start": {"smtps://" + withPassword + "mail.example", smtptest.Options{TLS: config, Implicit: true}, nil, false},
		"another's certificate": {"smtp://" + withPassword + "other.example", smtptest.Options{TLS: config}, roots, false},
		"wrong password":        {"smtp://desk:wrong@mail.example", smtptest.Options{TLS: config}, roots, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.offer.User, c.offer.Password = "desk", password
			s := smtptest.Start(t, c.offer)
			err := server(t, c.url, s, c.roots).Send(t.Context(), letter())
			if c.arrives {
				require.NoError(t, err)
				require.True(t, (<-s.Messages).TLS)
			} else {
				require.Error(t, err)
				var refused *mail.RefusedError
				require.False(t, errors.As(err, &refused), "who set it up can mend it: %v", err)
				require.NotContains(t, err.Error(), password)
				require.Empty(t, s.Messages)
			}
			for _, secret := range []string{"AUTH", password, base64.StdEncoding.EncodeToString([]byte("\x00desk\x00" + password)), "the-secret-token"} {
				require.NotContains(t, s.Overheard(), secret)
			}
		})
	}
	// Without credentials STARTTLS is used where it is offered.
	s := smtptest.Start(t, smtptest.Options{TLS: config})
	require.NoError(t, server(t, "smtp://mail.example", s, roots).Send(t.Context(), letter()))
	require.True(t, (<-s.Messages).TLS)
	// On this machine the password may go in plain, and a certificate be anybody's.
	for _, o := range []smtptest.Options{{}, {TLS: config}} {
		o.User, o.Password = "desk", password
		s := smtptest.Start(t, o)
		require.NoError(t, local(t, "smtp://"+withPassword+s.Addr).Send(t.Context(), letter()))
		require.Equal(t, o.TLS != nil, (<-s.Messages).TLS)
	}
}

// Answers that begin with 4 may pass, those with 5 do not, but for who we are.
func TestAnswers(t *testing.T) {
	t.Parallel()
	var answer error
	s := smtptest.Start(t, smtptest.Options{OnRcpt: func() error { return answer }})
	client := local(t, "smtp://"+s.Addr)
	for code, final := range map[int]bool{421: false, 450: false, 535: false, 530: false, 550: true, 554: true} {
		answer = &smtp.SMTPError{Code: code, Message: "no"}
		err := client.Send(t.Context(), letter())
		require.Error(t, err)
		var refused *mail.RefusedError
		require.Equal(t, final, errors.As(err, &refused), "%d: %v", code, err)
	}
	bad := letter()
	bad.To = "erased"
	var refused *mail.RefusedError
	require.ErrorAs(t, client.Send(t.Context(), bad), &refused)
}

// A server that says nothing does not hold up a stop.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		c, err := listener.Accept()
		if err == nil {
			defer func() { _ = c.Close() }()
		}
		cancel()
		<-t.Context().Done()
	}()
	client, err := mail.NewServer(mail.SMTPOptions{URL: "smtp://" + listener.Addr().String(), From: from, Timeout: time.Hour})
	require.NoError(t, err)
	require.Error(t, client.Send(ctx, letter()))
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "mail.example", "http://mail.example", "smtp://", "smtp://mail.example/x", "smtp://mail.example?a=b",
		"smtp://mail.example:0", "smtp://user:pass word@mail.example:x", "smtps://:465"} {
		_, err := mail.NewServer(mail.SMTPOptions{URL: bad, From: from})
		require.ErrorIs(t, err, mail.ErrURL, bad)
		require.False(t, strings.Contains(err.Error(), "pass word"))
	}
	_, err := mail.NewServer(mail.SMTPOptions{URL: "smtp://mail.example", From: "nobody"})
	require.Error(t, err)
}

// A subject is seen as it was typed, also where that looks like what mail programs decode,
// and adds no header.
func TestSubjectsAreSeenAsTyped(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t, smtptest.Options{})
	for _, typed := range []string{
		"Join =?utf-8?B?RXZpbA==?=", "=?utf-8?Q?Evil?= – é =?", "“=?utf-8?Q?Evil?=”" + strings.Repeat(" long é", 30), "one\r\nBcc: all@x.example",
	} {
		m := letter()
		m.Subject = typed
		require.NoError(t, local(t, "smtp://"+s.Addr).Send(t.Context(), m))
		got, err := netmail.ReadMessage(strings.NewReader((<-s.Messages).Text))
		require.NoError(t, err)
		seen, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
		require.NoError(t, err)
		require.Equal(t, typed, seen)
		require.Empty(t, got.Header.Get("Bcc"))
		for line := range strings.SplitSeq(got.Header.Get("Subject"), "\r\n") {
			require.NotContains(t, line, "RXZpbA==")
			require.NotContains(t, line, "?Evil?")
		}
	}
}
