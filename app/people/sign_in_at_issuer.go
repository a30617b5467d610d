package people

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// IssuerStart begins an attempt: Ticket stays with the browser that goes to URL.
type IssuerStart struct {
	URL, Ticket string
	Expires     time.Time
}

// AtIssuer is the browser's return from the issuer. Ticket and RedirectURI are
// those it was sent with. Address and From are as in SignIn.
type AtIssuer struct {
	Ticket, State, Code, RedirectURI, Address string
	From                                      netip.Addr
}

const (
	ticketRandom = 32
	ticketSize   = ticketRandom + 8 // random bytes and when it runs out
)

// StartAtIssuer begins an attempt to sign in at the issuer, query.ErrNotFound
// where there is none. Nothing is kept of it here.
func (s *Service) StartAtIssuer(ctx context.Context, redirectURI string) (IssuerStart, error) {
	if s.options.Issuer == nil {
		return IssuerStart{}, query.ErrNotFound
	}
	ticket := make([]byte, ticketRandom, ticketSize)
	_, _ = rand.Read(ticket) // never fails, by its documentation
	start := IssuerStart{Expires: s.now().Add(s.options.IssuerTime)}
	ticket = binary.BigEndian.AppendUint64(ticket, uint64(start.Expires.UnixMilli()))
	var err error
	start.URL, err = s.options.Issuer.SignInURL(ctx, s.issuerAttempt(ticket, redirectURI))
	start.Ticket = base64.RawURLEncoding.EncodeToString(ticket)
	return start, err
}

// issuerAttempt derives the secrets of an attempt from its ticket: whoever has
// the ticket still knows none of them, and one that was made up or changed leads
// to others.
func (s *Service) issuerAttempt(ticket []byte, redirectURI string) ports.IssuerAttempt {
	derive := func(purpose string) string {
		return base64.RawURLEncoding.EncodeToString(s.tokens.Code("issuer "+purpose+"\x00", ticket, []byte(redirectURI)))
	}
	return ports.IssuerAttempt{RedirectURI: redirectURI, State: derive("state"), Nonce: derive("nonce"), Verifier: derive("verifier")}
}

// SignInAtIssuer begins a session for whomever the issuer vouches for,
// query.ErrNotFound where there is none. At the first time that is the user with
// the verified e-mail address; from then on the identity is that user's only one
// there, whatever becomes of addresses at the issuer.
// Whatever does not fit, the answer is the same (CodeSignInFailed), but for an
// address that the account does not allow (access.ErrAddressNotAdmitted). Too many
// attempts are *TooManyAttempts. A second factor is asked for as in SignIn: what the
// issuer asks for is its own affair.
func (s *Service) SignInAtIssuer(ctx context.Context, c AtIssuer) (SignedIn, error) {
	var e entrant
	in, err := s.signInAtIssuer(ctx, c, &e)
	s.noteSignIn(ctx, byIssuer, e, c.From, in, err)
	return in, err
}

// signInAtIssuer is SignInAtIssuer, and says whom it found.
func (s *Service) signInAtIssuer(ctx context.Context, c AtIssuer, found *entrant) (SignedIn, error) {
	if s.options.Issuer == nil {
		return SignedIn{}, query.ErrNotFound
	}
	address := s.fromAddress(c.Address)
	if err := s.mayTry(ctx, address); err != nil {
		return SignedIn{}, err
	}
	attempt, ok := s.returned(c)
	if !ok {
		return SignedIn{}, domain.Refuse(notIdentified)
	}
	identity, err := s.options.Issuer.Identify(ctx, c.Code, attempt)
	switch {
	case errors.Is(err, ports.ErrNotIdentified):
		return SignedIn{}, domain.Refuse(notIdentified)
	case err != nil:
		s.forgiveAttempt(ctx, address) // nobody's fault here
		return SignedIn{}, err
	}
	e, err := s.entrantWithIdentity(ctx, identity)
	if err != nil {
		return SignedIn{}, err
	}
	*found = e
	if !e.enters() {
		return SignedIn{}, domain.Refuse(notIdentified)
	}
	if len(e.user.State.Factors) > 0 {
		next, err := s.askFactor(ctx, e, c.From, ports.Challenge{AtIssuer: true})
		if err != nil {
			return SignedIn{}, err
		}
		s.forgiveAttempt(ctx, address)
		return SignedIn{Next: next}, nil
	}
	in, err := s.beginSession(ctx, e, c.From, true, uuid.Nil)
	if err != nil {
		return SignedIn{}, err
	}
	s.forgiveAttempt(ctx, address)
	if here, err := s.usualFor(ctx, emailKey(e.user.State.Person.Email), c.Address); err == nil {
		s.remember(ctx, here, e.user.UID)
	}
	return in, nil
}

// returned is the attempt that a browser returns from, if it is that browser's
// and in time.
func (s *Service) returned(c AtIssuer) (ports.IssuerAttempt, bool) {
	ticket, err := base64.RawURLEncoding.DecodeString(c.Ticket)
	if err != nil || len(ticket) != ticketSize {
		return ports.IssuerAttempt{}, false
	}
	attempt := s.issuerAttempt(ticket, c.RedirectURI)
	expires := time.UnixMilli(int64(binary.BigEndian.Uint64(ticket[ticketRandom:])))
	same := subtle.ConstantTimeCompare([]byte(attempt.State), []byte(c.State)) == 1
	return attempt, same && c.Code != "" && s.now().Before(expires)
}

// entrantWithIdentity finds the user of an identity. Where there is none it gives
// an entrant who may not enter.
func (s *Service) entrantWithIdentity(ctx context.Context, i ports.Identity) (entrant, error) {
	subject := s.tokens.Pseudonym("identity at "+i.Issuer, i.Subject)
	bound, err := s.options.Store.UserOfIdentity(ctx, i.Issuer, subject)
	if err != nil {
		return entrant{}, err
	}
	if bound != uuid.Nil {
		return s.entrant(ctx, bound)
	}
	_, key, problems := account.NormaliseEmail(i.Email)
	if len(problems) > 0 || !i.EmailVerified {
		return entrant{}, nil
	}
	e, err := s.entrantWithEmail(ctx, key)
	if err != nil || !e.enters() {
		return entrant{}, err
	}
	bound, err = s.options.Store.BindIdentity(ctx, i.Issuer, subject, e.user.UID, s.now())
	if err != nil || bound != e.user.UID {
		return entrant{}, err
	}
	return e, nil
}
