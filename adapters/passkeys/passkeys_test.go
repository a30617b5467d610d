package passkeys_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	virtual "github.com/descope/virtualwebauthn"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/passkeys"
	"github.com/fleetledger/fleetledger/adapters/passkeys/passkeystest"
	"github.com/fleetledger/fleetledger/app/ports"
)

// party is what the test's service is to authenticators.
var party = virtual.RelyingParty{ID: "fleet.example", Name: "Fleetledger", Origin: "https://fleet.example"}

// holder is a user with an authenticator and what the service keeps of its passkey.
type holder struct {
	t             *testing.T
	keys          *passkeys.Passkeys
	user          uuid.UUID
	authenticator virtual.Authenticator
	credential    virtual.Credential
	factor        ports.Factor
}

// registered makes a user who has registered a passkey.
func registered(t *testing.T, keys *passkeys.Passkeys) *holder {
	t.Helper()
	h := &holder{t: t, keys: keys, user: uuid.New(), credential: passkeystest.Credential()}
	h.authenticator = virtual.NewAuthenticatorWithOptions(virtual.AuthenticatorOptions{UserHandle: h.user[:]})
	options, kept, err := keys.Register(h.user, "ada@customer.example", "Ada", nil)
	require.NoError(t, err)
	made, err := keys.Registered(h.user, kept, h.create(party, options))
	require.NoError(t, err)
	h.authenticator.AddCredential(h.credential)
	h.factor = ports.Factor{ID: uuid.New(), User: h.user, Kind: "passkey", Secret: made.Secret, Count: made.Count}
	return h
}

func (h *holder) create(of virtual.RelyingParty, options json.RawMessage) json.RawMessage {
	h.t.Helper()
	parsed, err := virtual.ParseAttestationOptions(string(options))
	require.NoError(h.t, err)
	return json.RawMessage(virtual.CreateAttestationResponse(of, h.authenticator, h.credential, *parsed))
}

// sign answers what is asked, as a browser at another party would, too.
func (h *holder) sign(of virtual.RelyingParty, options json.RawMessage) json.RawMessage {
	h.t.Helper()
	parsed, err := virtual.ParseAssertionOptions(string(options))
	require.NoError(h.t, err)
	return json.RawMessage(virtual.CreateAssertionResponse(of, h.authenticator, h.credential, *parsed))
}

func (h *holder) answered(kept, answer json.RawMessage) (int64, error) {
	factor, count, err := h.keys.Answered(h.user, []ports.Factor{h.factor}, kept, answer)
	if err == nil {
		require.Equal(h.t, h.factor.ID, factor)
	}
	return count, err
}

func keysOf(t *testing.T) *passkeys.Passkeys {
	t.Helper()
	keys, err := passkeys.New("https://fleet.example", "Fleetledger")
	require.NoError(t, err)
	return keys
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	h := registered(t, keysOf(t))
	for _, of := range [][]ports.Factor{{h.factor}, nil} { // as the second factor, and instead of the password
		options, kept, err := h.keys.Ask(h.user, of)
		require.NoError(t, err)
		h.credential.Counter++
		answer := h.sign(party, options)
		require.Equal(t, h.user, h.keys.WhoseIs(answer))
		count, err := h.answered(kept, answer)
		require.NoError(t, err)
		require.EqualValues(t, h.credential.Counter, count)
	}
	require.Equal(t, uuid.Nil, h.keys.WhoseIs(json.RawMessage(`{}`)))
}

// Whatever is wrong with an answer, it proves nothing.
func TestAttacks(t *testing.T) {
	t.Parallel()
	keys := keysOf(t)
	h, other := registered(t, keys), registered(t, keys)
	ask := func(of ...ports.Factor) (options, kept json.RawMessage) {
		options, kept, err := keys.Ask(h.user, of)
		require.NoError(t, err)
		return options, kept
	}
	changed := func(answer json.RawMessage, change func(response map[string]any)) json.RawMessage {
		var all map[string]any
		require.NoError(t, json.Unmarshal(answer, &all))
		change(all["response"].(map[string]any))
		data, err := json.Marshal(all)
		require.NoError(t, err)
		return data
	}
	options, kept := ask(h.factor)
	alone, keptAlone := ask()
	_, keptLater := ask(h.factor)
	elsewhere := virtual.RelyingParty{ID: "fleet.example", Origin: "https://fleet.example.evil"}
	plain := virtual.RelyingParty{ID: "fleet.example", Origin: "http://fleet.example"}
	otherPort := virtual.RelyingParty{ID: "fleet.example", Origin: "https://fleet.example:8443"}
	otherParty := virtual.RelyingParty{ID: "evil.example", Origin: "https://fleet.example"}
	good := h.sign(party, options)
	unverified, absent := *h, *h
	unverified.authenticator.Options.UserNotVerified = true
	absent.authenticator.Options.UserNotPresent = true
	for name, attack := range map[string]struct{ kept, answer json.RawMessage }{
		"another origin":              {kept, h.sign(elsewhere, options)},
		"without TLS":                 {kept, h.sign(plain, options)},
		"another port":                {kept, h.sign(otherPort, options)},
		"another party":               {kept, h.sign(otherParty, options)},
		"another challenge":           {keptLater, good},
		"nobody was there":            {kept, absent.sign(party, options)},
		"not verified, instead of it": {keptAlone, unverified.sign(party, alone)},
		"another user's passkey":      {kept, other.sign(party, options)},
		"another user's, instead":     {keptAlone, other.sign(party, alone)},
		"no JSON":                     {kept, json.RawMessage(`{`)},
		"nothing":                     {kept, json.RawMessage(`{}`)},
		"a registration":              {kept, h.create(party, register(t, keys, h.user))},
		"another signature":           {kept, changed(good, func(r map[string]any) { r["signature"] = base64.RawURLEncoding.EncodeToString([]byte("x")) })},
		"without a signature":         {kept, changed(good, func(r map[string]any) { delete(r, "signature") })},
		"another user's handle": {kept, changed(good, func(r map[string]any) {
			r["userHandle"] = base64.RawURLEncoding.EncodeToString(other.user[:])
		})},
		"no handle, instead": {keptAlone, changed(h.sign(party, alone), func(r map[string]any) { delete(r, "userHandle") })},
	} {
		_, err := h.answered(attack.kept, attack.answer)
		require.ErrorIs(t, err, ports.ErrFactorWrong, name)
	}
	_, err := h.answered(kept, good)
	require.NoError(t, err, "the answer itself is good")
	// As a second factor it may do without verification: the password was given.
	_, err = h.answered(kept, unverified.sign(party, options))
	require.NoError(t, err)
}

func register(t *testing.T, keys *passkeys.Passkeys, user uuid.UUID) json.RawMessage {
	t.Helper()
	options, _, err := keys.Register(user, "x", "x", nil)
	require.NoError(t, err)
	return options
}

// A passkey that has signed as often before may have a copy.
func TestCountsThatGoBack(t *testing.T) {
	t.Parallel()
	h := registered(t, keysOf(t))
	sign := func(counter uint32) (int64, error) {
		options, kept, err := h.keys.Ask(h.user, []ports.Factor{h.factor})
		require.NoError(t, err)
		h.credential.Counter = counter
		return h.answered(kept, h.sign(party, options))
	}
	count, err := sign(0)
	require.NoError(t, err, "this one does not count")
	require.Zero(t, count)
	h.factor.Count, err = sign(7)
	require.NoError(t, err)
	for _, counter := range []uint32{0, 6, 7} {
		_, err = sign(counter)
		require.ErrorIs(t, err, ports.ErrFactorWrong, counter)
	}
	_, err = sign(8)
	require.NoError(t, err)
}

func TestRegistrationAttacks(t *testing.T) {
	t.Parallel()
	keys := keysOf(t)
	h := registered(t, keys)
	options, kept, err := keys.Register(h.user, "ada@customer.example", "Ada", []ports.Factor{h.factor})
	require.NoError(t, err)
	require.Contains(t, string(options), base64.RawURLEncoding.EncodeToString(h.credential.ID), "one that is there is not made again")
	_, later, err := keys.Register(h.user, "ada@customer.example", "Ada", nil)
	require.NoError(t, err)
	good := h.create(party, options)
	for name, attack := range map[string]struct {
		user         uuid.UUID
		kept, answer json.RawMessage
	}{
		"another origin":    {h.user, kept, h.create(virtual.RelyingParty{ID: party.ID, Origin: "https://evil.example"}, options)},
		"another party":     {h.user, kept, h.create(virtual.RelyingParty{ID: "evil.example", Origin: party.Origin}, options)},
		"another challenge": {h.user, later, good},
		"another user":      {uuid.New(), kept, good},
		"no JSON":           {h.user, kept, json.RawMessage(`nothing`)},
		"nothing":           {h.user, kept, json.RawMessage(`{}`)},
	} {
		_, err := keys.Registered(attack.user, attack.kept, attack.answer)
		require.ErrorIs(t, err, ports.ErrFactorWrong, name)
	}
	again, err := keys.Registered(h.user, kept, good)
	require.NoError(t, err)
	require.NotEmpty(t, again.Unique)
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"https://fleet.example", "https://Fleet.example:8443", "http://localhost:8080", "http://fleet.localhost", "https://fleet.example/desk"} {
		_, err := passkeys.New(url, "Fleetledger")
		require.NoError(t, err, url)
	}
	for _, url := range []string{"http://127.0.0.1:8080", "https://192.0.2.1", "https://[::1]:8080", "http://fleet.example", "", strings.Repeat("x", 10)} {
		_, err := passkeys.New(url, "Fleetledger")
		require.ErrorIs(t, err, passkeys.ErrNoName, url)
	}
}
