package people

import (
	"context"
	"encoding/hex"
	"net/url"
	"testing"
	"time"

	"github.com/fleetledger/fleetledger/adapters/clock/clocktest"
	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/ports"
)

const redirect = "https://fleet.example/back"

// issuer sends the browser to an address that tells the attempt's state.
type issuer struct{ ports.Issuer }

func (issuer) SignInURL(_ context.Context, a ports.IssuerAttempt) (string, error) {
	return "https://issuer.example/?" + url.Values{"state": {a.State}}.Encode(), nil
}

func serviceAt(clock *clocktest.Clock) *Service {
	secret := []byte("secret of an installation")
	return New(&command.Executor{Clock: clock}, nil, nil, nil, access.NewTokens(secret, secret),
		Options{Issuer: issuer{}, IssuerTime: time.Minute})
}

// The bytes are those that were always made: browsers are on their way with them
// while a new version starts, and attempts and identities are kept by them.
func TestSecretsKeepTheirBytes(t *testing.T) {
	s := serviceAt(new(clocktest.Clock))
	ticket := make([]byte, ticketSize)
	for i := range ticket {
		ticket[i] = byte(i)
	}
	want := ports.IssuerAttempt{
		RedirectURI: redirect,
		State:       "XZYQvTGmEFNnV0hbdrKYVitYDGBx5TUFZ16Rl42yuMA",
		Nonce:       "zXhYpG9HH1gp2pSSznZ1vhw5pvseFUnDtoNreiLE8is",
		Verifier:    "h-_Cn_865sJZDldm7m27crXjRZeWX9TyFpfDp3kknQk",
	}
	if got := s.issuerAttempt(ticket, redirect); got != want {
		t.Errorf("attempt at the issuer: got %+v, want %+v", got, want)
	}
	for name, c := range map[string]struct {
		counted counted
		want    string
	}{
		"by e-mail":  {s.withEmail("ada@x.example"), "7a82cfe421f224d58d74011c3bcaa595a521231c1e03e4786866a078b4ced11d"},
		"by address": {s.fromAddress("192.0.2.1"), "f185814ed0de19a4f59aec50dede69c3a37c7af79e6fb64abdae4b0accfb2603"},
	} {
		if got := hex.EncodeToString(c.counted.subject); got != c.want {
			t.Errorf("attempts %s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestOnlyTheBrowserThatLeftReturnsInTime(t *testing.T) {
	clock := clocktest.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	s := serviceAt(clock)
	start, err := s.StartAtIssuer(t.Context(), redirect)
	if err != nil {
		t.Fatal(err)
	}
	to, err := url.Parse(start.URL)
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.StartAtIssuer(t.Context(), redirect)
	if err != nil {
		t.Fatal(err)
	}
	back := AtIssuer{Ticket: start.Ticket, State: to.Query().Get("state"), Code: "code", RedirectURI: redirect}
	tests := map[string]struct {
		change func(*AtIssuer)
		after  time.Duration
		ok     bool
	}{
		"in time":               {func(*AtIssuer) {}, 59 * time.Second, true},
		"too late":              {func(*AtIssuer) {}, time.Minute, false},
		"another ticket":        {func(c *AtIssuer) { c.Ticket = other.Ticket }, 0, false},
		"no ticket":             {func(c *AtIssuer) { c.Ticket = "" }, 0, false},
		"another state":         {func(c *AtIssuer) { c.State = "x" }, 0, false},
		"no code":               {func(c *AtIssuer) { c.Code = "" }, 0, false},
		"sent back elsewhere":   {func(c *AtIssuer) { c.RedirectURI = "https://other.example/back" }, 0, false},
		"ticket not in base 64": {func(c *AtIssuer) { c.Ticket = "?" }, 0, false},
	}
	begun := clock.Now()
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			clock.Set(begun.Add(c.after))
			changed := back
			c.change(&changed)
			if _, ok := s.returned(changed); ok != c.ok {
				t.Errorf("got %t, want %t", ok, c.ok)
			}
		})
	}
}
