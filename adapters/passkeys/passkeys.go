// Package passkeys asks browsers for passkeys and checks what they answer: app's
// Passkeys on the library go-webauthn.
//
// A passkey belongs to a name: that of the service's public URL. Browsers make none for
// an address of numbers, nor over HTTP but on the machine itself.
package passkeys

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/ports"
)

// ErrNoName says that there are no passkeys at a public URL.
var ErrNoName = errors.New("passkeys need a public URL with a name, and https but on this machine (localhost)")

// Passkeys are those of a public URL. It is safe for concurrent use.
type Passkeys struct{ party *webauthn.WebAuthn }

var _ ports.Passkeys = (*Passkeys)(nil)

// New makes the passkeys of a public URL, which authenticators show with a name, else
// ErrNoName.
func New(publicURL, displayName string) (*Passkeys, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, fmt.Errorf("public URL: %w", err)
	}
	host := u.Hostname()
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if host == "" || net.ParseIP(host) != nil || u.Scheme != "https" && !local {
		return nil, ErrNoName
	}
	party, err := webauthn.New(&webauthn.Config{
		RPID: strings.ToLower(host), RPDisplayName: displayName, RPOrigins: []string{u.Scheme + "://" + strings.ToLower(u.Host)},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys: %w: %w", ErrNoName, err)
	}
	return &Passkeys{party: party}, nil
}

// person is a user as the library knows one.
type person struct {
	id                uuid.UUID
	name, displayName string
	credentials       []webauthn.Credential
}

func (p person) WebAuthnID() []byte                         { return p.id[:] }
func (p person) WebAuthnName() string                       { return p.name }
func (p person) WebAuthnDisplayName() string                { return p.displayName }
func (p person) WebAuthnCredentials() []webauthn.Credential { return p.credentials }

// personOf is a user with passkeys, and the factors that they are.
func personOf(user uuid.UUID, of []ports.Factor) (person, error) {
	p := person{id: user}
	for _, f := range of {
		var c webauthn.Credential
		if err := json.Unmarshal(f.Secret, &c); err != nil {
			return p, fmt.Errorf("passkey %s: %w", f.ID, err)
		}
		c.Authenticator.SignCount = uint32(f.Count)
		p.credentials = append(p.credentials, c)
	}
	return p, nil
}

// Register implements ports.Passkeys.
func (k *Passkeys) Register(user uuid.UUID, name, displayName string, before []ports.Factor) (options, kept json.RawMessage, err error) {
	p, err := personOf(user, before)
	if err != nil {
		return nil, nil, err
	}
	p.name, p.displayName = name, displayName
	creation, session, err := k.party.BeginRegistration(p, webauthn.WithExclusions(webauthn.Credentials(p.credentials).CredentialDescriptors()))
	if err != nil {
		return nil, nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return both(creation.Response, session)
}

// Registered implements ports.Passkeys.
func (k *Passkeys) Registered(user uuid.UUID, kept, answer json.RawMessage) (ports.NewPasskey, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(kept, &session); err != nil {
		return ports.NewPasskey{}, fmt.Errorf("kept of a passkey: %w", err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return ports.NewPasskey{}, wrong(err)
	}
	c, err := k.party.CreateCredential(person{id: user}, session, parsed)
	if err != nil {
		return ports.NewPasskey{}, wrong(err)
	}
	secret, err := json.Marshal(c)
	if err != nil {
		return ports.NewPasskey{}, fmt.Errorf("keep a passkey: %w", err)
	}
	id := sha256.Sum256(c.ID)
	return ports.NewPasskey{Secret: secret, Unique: id[:], Count: int64(c.Authenticator.SignCount)}, nil
}

// Ask implements ports.Passkeys.
func (k *Passkeys) Ask(user uuid.UUID, of []ports.Factor) (options, kept json.RawMessage, err error) {
	if len(of) == 0 {
		assertion, session, err := k.party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
		if err != nil {
			return nil, nil, fmt.Errorf("ask for a passkey: %w", err)
		}
		return both(assertion.Response, session)
	}
	p, err := personOf(user, of)
	if err != nil {
		return nil, nil, err
	}
	assertion, session, err := k.party.BeginLogin(p)
	if err != nil {
		return nil, nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return both(assertion.Response, session)
}

// WhoseIs implements ports.Passkeys.
func (*Passkeys) WhoseIs(answer json.RawMessage) uuid.UUID {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return uuid.Nil
	}
	user, _ := uuid.FromBytes(parsed.Response.UserHandle) // uuid.Nil of anything else
	return user
}

// Answered implements ports.Passkeys.
func (k *Passkeys) Answered(user uuid.UUID, of []ports.Factor, kept, answer json.RawMessage) (factor uuid.UUID, count int64, err error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(kept, &session); err != nil {
		return uuid.Nil, 0, fmt.Errorf("kept of a passkey: %w", err)
	}
	p, err := personOf(user, of)
	if err != nil {
		return uuid.Nil, 0, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return uuid.Nil, 0, wrong(err)
	}
	var c *webauthn.Credential
	if len(session.UserID) == 0 {
		c, err = k.party.ValidateDiscoverableLogin(func(_, handle []byte) (webauthn.User, error) {
			if !bytes.Equal(handle, user[:]) {
				return nil, errors.New("the passkey is another user's")
			}
			return p, nil
		}, session, parsed)
	} else {
		c, err = k.party.ValidateLogin(p, session, parsed)
	}
	switch {
	case err != nil:
		return uuid.Nil, 0, wrong(err)
	case c.Authenticator.CloneWarning:
		return uuid.Nil, 0, wrong(errors.New("the passkey has signed as often before; there may be a copy of it"))
	}
	for i := range of {
		if bytes.Equal(p.credentials[i].ID, c.ID) {
			return of[i].ID, int64(c.Authenticator.SignCount), nil
		}
	}
	return uuid.Nil, 0, wrong(errors.New("the passkey is none of the user's"))
}

// both gives what goes to the browser and what is kept.
func both(options, session any) (forBrowser, kept json.RawMessage, err error) {
	if forBrowser, err = json.Marshal(options); err != nil {
		return nil, nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	if kept, err = json.Marshal(session); err != nil {
		return nil, nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return forBrowser, kept, nil
}

// wrong says why an answer proves nothing. The library's details are for the log.
func wrong(err error) error {
	if refused, ok := errors.AsType[*protocol.Error](err); ok {
		return fmt.Errorf("%w: %s %s", ports.ErrFactorWrong, refused.Details, refused.DevInfo)
	}
	return fmt.Errorf("%w: %w", ports.ErrFactorWrong, err)
}
