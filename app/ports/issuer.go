package ports

import (
	"context"
	"errors"
)

// Issuer is an OpenID Connect provider that people may sign in at instead of
// with a password.
type Issuer interface {
	// SignInURL is where the browser goes to sign in.
	SignInURL(context.Context, IssuerAttempt) (string, error)
	// Identify redeems what the browser came back with. A code that is of no
	// use, or an answer to another attempt, is ErrNotIdentified.
	Identify(ctx context.Context, code string, a IssuerAttempt) (Identity, error)
}

// Errors of the Issuer port. Implementations wrap them.
var (
	// ErrIssuerUnavailable: the issuer does not answer, or not as it should.
	ErrIssuerUnavailable = errors.New("the OpenID Connect issuer does not answer as it should")
	// ErrNotIdentified: the issuer vouches for nobody.
	ErrNotIdentified = errors.New("the OpenID Connect issuer identifies nobody")
)

// IssuerAttempt is one attempt to sign in at the issuer: RedirectURI is where it
// sends the browser back to, the others are secrets that tie its answer to the
// attempt.
type IssuerAttempt struct {
	RedirectURI, State, Nonce, Verifier string
}

// Identity is whom the issuer vouches for. Subject is its own name for the
// person, which never changes and is never given to somebody else.
type Identity struct {
	Issuer, Subject string
	Email           string
	EmailVerified   bool
}
