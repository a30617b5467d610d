package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/people"
)

const (
	usualPlace = "192.0.2.1" // where the team's administrator signs in
	otherPlace = "192.0.2.77"
)

func (m *team) attempt(email, password, address string) error {
	_, err := m.People.SignIn(m.ctx, people.SignIn{Email: email, Password: password, Address: address})
	return err
}

// lock uses up a stranger's attempts with an e-mail address.
func (m *team) lock(email, address string) {
	m.t.Helper()
	for range 5 {
		refused(m.t, m.attempt(email, "wrong horse battery", address), people.CodeSignInFailed)
	}
	m.locked(email, address)
}

func (m *team) locked(email, address string) {
	m.t.Helper()
	var many *people.TooManyAttempts
	require.ErrorAs(m.t, m.attempt(email, password, address), &many)
}

// An address that has used up its attempts counts for nobody else.
func TestABlockedAddressLocksNobody(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	for i := range 20 {
		refused(t, m.attempt(fmt.Sprintf("n%d@x.example", i), password, "203.0.113.5"), people.CodeSignInFailed)
	}
	for range 20 {
		m.locked(m.email, "203.0.113.5")
	}
	require.NoError(t, m.attempt(m.email, password, otherPlace), "from where nobody has signed in")

	m = newTeam(t)
	ask := func(email string) error {
		return m.People.RequestPasswordReset(m.ctx, people.RequestReset{Command: newCommand(), Email: email, Address: "203.0.113.5"})
	}
	for i := range 20 {
		require.NoError(t, ask(fmt.Sprintf("n%d@x.example", i)))
	}
	var many *people.TooManyAttempts
	for range 20 {
		require.ErrorAs(t, ask(m.email), &many)
	}
	require.NoError(t, m.People.RequestPasswordReset(m.ctx, people.RequestReset{Command: newCommand(), Email: m.email, Address: otherPlace}))
}

func TestStrangersDoNotLockOut(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	m.lock(m.email, "198.51.100.1")
	m.locked(m.email, otherPlace)
	require.NoError(t, m.attempt(m.email, password, usualPlace), "from where it has signed in")
	m.locked(m.email, "198.51.100.1")

	other := "o@x.example"
	m.join(other, false, "full")
	m.lock(other, "198.51.100.2")
	m.locked(other, usualPlace) // another one's

	m.lock(m.email, usualPlace) // to guess from there is no easier
	m.clock.Advance(15 * time.Minute)
	require.NoError(t, m.attempt(m.email, password, usualPlace))
	m.clock.Advance(91 * 24 * time.Hour)
	m.lock(m.email, "198.51.100.3")
	m.locked(m.email, usualPlace) // too long ago
}

func TestStrangersDoNotLockResets(t *testing.T) {
	t.Parallel()
	m := newTeam(t)
	ask := func(address string) error {
		return m.People.RequestPasswordReset(m.ctx, people.RequestReset{Command: newCommand(), Email: m.email, Address: address})
	}
	for range 5 {
		require.NoError(t, ask("198.51.100.1"))
	}
	var many *people.TooManyAttempts
	require.ErrorAs(t, ask(otherPlace), &many)
	for range 5 {
		require.NoError(t, ask(usualPlace), "from where it has signed in")
	}
	require.ErrorAs(t, ask(usualPlace), &many)
}
