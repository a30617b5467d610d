package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/passwords"
	"github.com/fleetledger/fleetledger/adapters/postgres/people"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/app"
)

// password is everybody's in these tests.
const password = "correct horse battery"

// newWorldWithPeople is a world in which people can sign in.
func newWorldWithPeople(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	hasher, err := passwords.New()
	require.NoError(t, err)
	w.people = app.People{
		Store: people.NewStore(pgtest.Pool(t)), Passwords: hasher, SessionLifetime: 12 * time.Hour, PasswordMinimum: 12,
		SignIns: app.SignInLimits{PerEmail: 5, PerAddress: 20, Window: 15 * time.Minute}, ResetTime: time.Hour,
	}
	w.people.Resets = &w.resets
	w.App = w.with(w.log)
	return w
}
