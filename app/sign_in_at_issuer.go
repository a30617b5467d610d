package app

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// IssuerStart begins an attempt: Ticket stays with the browser that goes to URL.
type IssuerStart struct {
	URL, Ticket string
	Expires     time.Time
}

// AtIssuer is the browser's return from the issuer. Ticket and RedirectURI are
// those it was sent with. Address is as in SignIn.
type AtIssuer struct {
	Ticket, State, Code, RedirectURI, Address string
}

// StartAtIssuer begins an attempt to sign in at the issuer, ErrNotFound where
// there is none. Nothing is kept of it here.
func (a *App) StartAtIssuer(ctx context.Context, redirectURI string) (IssuerStart, error) {
	if a.people.Issuer == nil {
		return IssuerStart{}, query.ErrNotFound
	}
	ticket := make([]byte, 32, ticketSize)
	_, _ = rand.Read(ticket) // never fails, by its documentation
	start := IssuerStart{Expires: a.clock.Now().Add(a.people.IssuerTime)}
	ticket = binary.BigEndian.AppendUint64(ticket, uint64(start.Expires.UnixMilli()))
	var err error
	start.URL, err = a.people.Issuer.SignInURL(ctx, a.issuerAttempt(ticket, redirectURI))
	start.Ticket = base64.RawURLEncoding.EncodeToString(ticket)
	return start, err
}

const ticketSize = 32 + 8 // random bytes and when it runs out

// issuerAttempt derives the secrets of an attempt from its ticket: whoever has
// the ticket still knows none of them, and one that was made up or changed
// leads to others.
func (a *App) issuerAttempt(ticket []byte, redirectURI string) ports.IssuerAttempt {
	derive := func(purpose string) string {
		mac := hmac.New(sha256.New, a.secret)
		mac.Write([]byte("issuer " + purpose + "\x00"))
		mac.Write(ticket)
		mac.Write([]byte(redirectURI))
		return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	return ports.IssuerAttempt{RedirectURI: redirectURI, State: derive("state"), Nonce: derive("nonce"), Verifier: derive("verifier")}
}

var notIdentified = domain.Problem{Code: CodeSignInFailed, Detail: "This identity does not open an account here."}

// SignInAtIssuer begins a session for whom the issuer vouches for, ErrNotFound
// where there is none. At the first time that is the user with the verified
// e-mail address; from then on the identity is that user's and the user has no
// other one there, whatever becomes of addresses at the issuer. Whatever does
// not fit, the answer is the same.
func (a *App) SignInAtIssuer(ctx context.Context, c AtIssuer) (SignedIn, error) {
	if a.people.Issuer == nil {
		return SignedIn{}, query.ErrNotFound
	}
	address := a.fromAddress(c.Address)
	if err := a.mayTry(ctx, address); err != nil {
		return SignedIn{}, err
	}
	attempt, ok := a.returned(c)
	if !ok {
		return SignedIn{}, domain.Refuse(notIdentified)
	}
	identity, err := a.people.Issuer.Identify(ctx, c.Code, attempt)
	switch {
	case errors.Is(err, ports.ErrNotIdentified):
		return SignedIn{}, domain.Refuse(notIdentified)
	case err != nil:
		a.forgive(ctx, address) // nobody's fault here
		return SignedIn{}, err
	}
	person, enters, err := a.identified(ctx, identity)
	if err != nil {
		return SignedIn{}, err
	}
	if !enters {
		return SignedIn{}, domain.Refuse(notIdentified)
	}
	in, err := a.begin(ctx, person)
	if err == nil {
		a.forgive(ctx, address)
	}
	return in, err
}

// returned is the attempt that a browser returns from, if it is that browser's
// and in time.
func (a *App) returned(c AtIssuer) (ports.IssuerAttempt, bool) {
	ticket, err := base64.RawURLEncoding.DecodeString(c.Ticket)
	if err != nil || len(ticket) != ticketSize {
		return ports.IssuerAttempt{}, false
	}
	attempt := a.issuerAttempt(ticket, c.RedirectURI)
	expires := time.UnixMilli(int64(binary.BigEndian.Uint64(ticket[32:])))
	same := subtle.ConstantTimeCompare([]byte(attempt.State), []byte(c.State)) == 1
	return attempt, same && c.Code != "" && a.clock.Now().Before(expires)
}

// identified finds the user of an identity, and whether the user may enter.
func (a *App) identified(ctx context.Context, i ports.Identity) (person user.State, enters bool, err error) {
	subject := a.subject("identity at "+i.Issuer, i.Subject)
	bound, err := a.people.Store.UserOfIdentity(ctx, i.Issuer, subject)
	if err == nil && bound != uuid.Nil {
		return a.whoIs(ctx, bound)
	}
	_, key, problems := account.NormaliseEmail(i.Email)
	if err != nil || len(problems) > 0 || !i.EmailVerified {
		return person, false, err
	}
	if person, enters, err = a.whoHas(ctx, key); err != nil || !enters {
		return person, false, err
	}
	bound, err = a.people.Store.BindIdentity(ctx, i.Issuer, subject, person.UID, a.clock.Now())
	return person, bound == person.UID, err
}
