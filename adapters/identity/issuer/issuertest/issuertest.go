// Package issuertest runs an OpenID Connect provider inside the test's process:
// the provider of zitadel/oidc on the memory storage of its example, with the
// people and the faults of the test's choice.
package issuertest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/fleetledger/fleetledger/adapters/identity/issuer"
)

// What the client is called at the provider.
const (
	ClientID     = "fleetledger"
	ClientSecret = "secret of the client"
)

// Person is somebody who has an identity at the provider.
type Person struct {
	Subject, Email string
	Verified       bool
}

// Provider is the provider.
type Provider struct {
	URL string

	mu     sync.Mutex
	people map[string]Person
	who    string // subject of who sits in front of the browser
	down   bool
	inside bool // ID tokens have the e-mail address inside
	nonce  string
	stale  bool
	keys   []key

	discoveries int
}

// New runs a provider until the test ends. redirectURIs are where it sends
// browsers back to.
func New(t testing.TB, redirectURIs ...string) *Provider {
	t.Helper()
	p := &Provider{people: map[string]Person{}}
	p.Rotate(t)
	server := httptest.NewUnstartedServer(nil)
	p.URL = "http://" + server.Listener.Addr().String()
	clients := map[string]*storage.Client{ClientID: storage.WebClient(ClientID, ClientSecret, redirectURIs...)}
	s := &memory{Storage: storage.NewStorageWithClients(p, clients), provider: p}
	made, err := op.NewProvider(&op.Config{CodeMethodS256: true}, s, op.StaticIssuer(p.URL), op.WithAllowInsecure())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	back := op.AuthCallbackURL(made)
	mux.HandleFunc("/login/username", op.NewIssuerInterceptor(made.IssuerFromRequest).HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.FormValue("authRequestID")
		if err := s.CheckUsernamePassword(p.sitting(), "", id); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		http.Redirect(w, r, back(r.Context(), id), http.StatusFound)
	}))
	mux.Handle("/", made)
	server.Config.Handler = p.unlessDown(mux)
	server.Start()
	t.Cleanup(server.Close)
	return p
}

// Options are those of a client that is known to the provider, and asks again at
// once when it was down.
func (p *Provider) Options() issuer.Options {
	return issuer.Options{
		Issuer: p.URL, ClientID: ClientID, ClientSecret: ClientSecret, Scopes: []string{"email"}, Pause: time.Nanosecond,
	}
}

// Discoveries is how often the provider was asked for its endpoints.
func (p *Provider) Discoveries() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.discoveries
}

// SignsIn says who sits in front of the browser from now on.
func (p *Provider) SignsIn(one Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.people[one.Subject], p.who = one, one.Subject
}

// Down makes the provider break every connection, or answer again.
func (p *Provider) Down(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

// EmailInside puts the e-mail address into ID tokens, too.
func (p *Provider) EmailInside() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inside = true
}

// Nonce makes ID tokens carry another nonce than the one asked for; empty: the
// right one.
func (p *Provider) Nonce(nonce string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nonce = nonce
}

// Stale lets all codes run out that are redeemed from now on, or no more.
func (p *Provider) Stale(stale bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stale = stale
}

// Rotate signs with a new key from now on. The old one is still published.
func (p *Provider) Rotate(t testing.TB) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = append([]key{{uuid.NewString(), private}}, p.keys...)
}

func (p *Provider) unlessDown(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		down := p.down
		if r.URL.Path == oidc.DiscoveryEndpoint {
			p.discoveries++
		}
		p.mu.Unlock()
		if down {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
}

func (p *Provider) sitting() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.who
}

// GetUserByID is called by the storage.
func (p *Provider) GetUserByID(subject string) *storage.User {
	p.mu.Lock()
	defer p.mu.Unlock()
	one, ok := p.people[subject]
	if !ok {
		return nil
	}
	return &storage.User{ID: subject, Username: subject, Email: one.Email, EmailVerified: one.Verified}
}

// GetUserByUsername is called by the storage.
func (p *Provider) GetUserByUsername(subject string) *storage.User { return p.GetUserByID(subject) }

// ExampleClientID is called by the storage.
func (p *Provider) ExampleClientID() string { return ClientID }

// key is a signing key in both its roles.
type key struct {
	id      string
	private *rsa.PrivateKey
}

func (k key) ID() string                                  { return k.id }
func (k key) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k key) Key() any                                    { return k.private }

// public is the published half of a key.
type public struct{ key }

func (k public) Key() any                           { return &k.private.PublicKey }
func (k public) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k public) Use() string                        { return "sig" }

// memory is the example's storage with the faults that the test asks for.
type memory struct {
	*storage.Storage
	provider *Provider
}

func (m *memory) CreateAuthRequest(ctx context.Context, r *oidc.AuthRequest, user string) (op.AuthRequest, error) {
	m.provider.mu.Lock()
	if m.provider.nonce != "" {
		r.Nonce = m.provider.nonce
	}
	m.provider.mu.Unlock()
	return m.Storage.CreateAuthRequest(ctx, r, user)
}

func (m *memory) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	m.provider.mu.Lock()
	stale := m.provider.stale
	m.provider.mu.Unlock()
	if stale {
		return nil, errors.New("the code has run out")
	}
	return m.Storage.AuthRequestByCode(ctx, code)
}

func (m *memory) SigningKey(context.Context) (op.SigningKey, error) {
	m.provider.mu.Lock()
	defer m.provider.mu.Unlock()
	return m.provider.keys[0], nil
}

func (m *memory) KeySet(context.Context) ([]op.Key, error) {
	m.provider.mu.Lock()
	defer m.provider.mu.Unlock()
	var keys []op.Key
	for _, k := range m.provider.keys {
		keys = append(keys, public{k})
	}
	return keys, nil
}

func (m *memory) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := m.Storage.GetClientByClientID(ctx, id)
	m.provider.mu.Lock()
	defer m.provider.mu.Unlock()
	if m.provider.inside && err == nil {
		c = telling{c}
	}
	return c, err
}

// telling is a client that wants the e-mail address in its ID tokens.
type telling struct{ op.Client }

func (telling) IDTokenUserinfoClaimsAssertion() bool { return true }
