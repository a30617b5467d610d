// Package issuer signs people in at an OpenID Connect provider, with the
// authorization code flow and PKCE. It is app's port Issuer.
//
// The provider is another service, which may be down when this one starts and at
// any time later: it is asked for its endpoints when somebody wants to sign in,
// and again after something went wrong with it.
package issuer

import (
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/fleetledger/fleetledger/app/ports"
)

// requestTimeout bounds everything that is asked of the provider for one request.
const requestTimeout = 10 * time.Second

// Options say which provider, and who we are there.
type Options struct {
	Issuer       string // its URL
	ClientID     string
	ClientSecret string
	Scopes       []string // openid is always asked for
	// Pause is how long a provider is left alone that could not be discovered.
	// Default: a second.
	Pause time.Duration
}

// Issuer is the provider. Safe for concurrent use.
type Issuer struct {
	options Options
	client  *http.Client

	lock     chan struct{} // full while somebody uses the fields below
	known    *known
	failed   error
	failedAt time.Time
}

var _ ports.Issuer = (*Issuer)(nil)

// known is the provider as it was discovered.
type known struct {
	*oidc.Provider
	config *oauth2.Config
}

// New makes the client of a provider, which need not run.
func New(o Options) *Issuer {
	o.Pause = cmp.Or(o.Pause, time.Second)
	return &Issuer{options: o, client: &http.Client{Timeout: requestTimeout}, lock: make(chan struct{}, 1)}
}

// acquire waits for the lock.
func (i *Issuer) acquire(ctx context.Context) (release func(), err error) {
	select {
	case i.lock <- struct{}{}:
		return func() { <-i.lock }, nil
	case <-ctx.Done():
		return nil, unavailable("wait for discovery", ctx.Err())
	}
}

// provider gives the provider, and discovers it unless it is known already. One
// request discovers it for all that wait, whether its own caller stays or not.
func (i *Issuer) provider(ctx context.Context) (*known, error) {
	release, err := i.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	if i.known != nil {
		return i.known, nil
	}
	if i.failed != nil && time.Since(i.failedAt) < i.options.Pause {
		return nil, i.failed
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(context.WithoutCancel(ctx), i.client), requestTimeout)
	defer cancel()
	p, err := oidc.NewProvider(ctx, i.options.Issuer)
	if err != nil {
		i.failed, i.failedAt = unavailable("discover", err), time.Now()
		return nil, i.failed
	}
	scopes := []string{oidc.ScopeOpenID}
	for _, scope := range i.options.Scopes {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	i.failed = nil
	i.known = &known{p, &oauth2.Config{
		ClientID: i.options.ClientID, ClientSecret: i.options.ClientSecret, Endpoint: p.Endpoint(), Scopes: scopes,
	}}
	return i.known, nil
}

// rediscover reports that something is wrong with the provider, and has the next
// request discover it anew: it may have moved.
func (i *Issuer) rediscover(ctx context.Context, k *known, what string, err error) error {
	if release, lockErr := i.acquire(context.WithoutCancel(ctx)); lockErr == nil {
		if i.known == k {
			i.known = nil
		}
		release()
	}
	return unavailable(what, err)
}

func unavailable(what string, err error) error {
	return fmt.Errorf("%s: %w: %w", what, ports.ErrIssuerUnavailable, err)
}

func redirect(a ports.IssuerAttempt) oauth2.AuthCodeOption {
	return oauth2.SetAuthURLParam("redirect_uri", a.RedirectURI)
}

// SignInURL implements ports.Issuer.
func (i *Issuer) SignInURL(ctx context.Context, a ports.IssuerAttempt) (string, error) {
	k, err := i.provider(ctx)
	if err != nil {
		return "", err
	}
	return k.config.AuthCodeURL(a.State, redirect(a), oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

// Identify implements ports.Issuer. When a provider redeems the code and then does
// not vouch for anybody as it should, that is the provider's fault: nobody else
// can bring it about.
func (i *Issuer) Identify(ctx context.Context, code string, a ports.IssuerAttempt) (ports.Identity, error) {
	k, err := i.provider(ctx)
	if err != nil {
		return ports.Identity{}, err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, i.client), requestTimeout)
	defer cancel()
	token, err := k.config.Exchange(ctx, code, redirect(a), oauth2.VerifierOption(a.Verifier))
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refused.ErrorCode == "invalid_grant" {
		return ports.Identity{}, fmt.Errorf("redeem the code: %w", ports.ErrNotIdentified)
	}
	if err != nil {
		return ports.Identity{}, i.rediscover(ctx, k, "redeem the code", err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := k.Verifier(&oidc.Config{ClientID: i.options.ClientID}).Verify(ctx, raw)
	if err != nil {
		return ports.Identity{}, i.rediscover(ctx, k, "verify the ID token", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.Nonce)) != 1 {
		return ports.Identity{}, fmt.Errorf("nonce: %w", ports.ErrNotIdentified)
	}
	identity, err := k.identity(ctx, id, token)
	if err != nil {
		return ports.Identity{}, i.rediscover(ctx, k, "read the claims", err)
	}
	return identity, nil
}

// identity is what the ID token says. Many providers give the e-mail address only
// in the user info.
func (k *known) identity(ctx context.Context, id *oidc.IDToken, token *oauth2.Token) (ports.Identity, error) {
	identity := ports.Identity{Issuer: id.Issuer, Subject: id.Subject}
	var claims struct {
		Email    string    `json:"email"`
		Verified yesOrText `json:"email_verified"`
	}
	if err := id.Claims(&claims); err != nil {
		return identity, err
	}
	identity.Email, identity.EmailVerified = claims.Email, bool(claims.Verified)
	if claims.Email != "" || k.UserInfoEndpoint() == "" {
		return identity, nil
	}
	info, err := k.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return identity, err
	}
	if info.Subject != id.Subject {
		return identity, errors.New("the user info is about somebody else")
	}
	identity.Email, identity.EmailVerified = info.Email, info.EmailVerified
	return identity, nil
}

// yesOrText is a boolean that some providers send as text.
type yesOrText bool

// UnmarshalJSON takes true and "true" for yes, all else for no.
func (y *yesOrText) UnmarshalJSON(data []byte) error {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	*y = v == true || v == "true"
	return nil
}
