package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/passwords"
	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/factors"
	"github.com/fleetledger/fleetledger/adapters/postgres/keptanswers"
	peoplestore "github.com/fleetledger/fleetledger/adapters/postgres/people"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
)

// password is everybody's in these tests.
const password = "correct horse battery"

// newWorldWithPeople is a world in which people can sign in.
func newWorldWithPeople(t testing.TB, hasher ...ports.Passwords) *world {
	t.Helper()
	if len(hasher) == 0 {
		h, err := passwords.New()
		require.NoError(t, err)
		h.Cheap.Store(true) // what a hash costs is not what these tests are about
		hasher = []ports.Passwords{h}
	}
	w := newWorld(t)
	w.people = newPeople(w.pool, hasher[0])
	w.people.Resets = &w.resets
	w.App = w.with(w.log)
	return w
}

func newPeople(pool *pgxpool.Pool, hasher ports.Passwords) people.Options {
	return people.Options{
		Store: peoplestore.NewStore(pool), Tokens: postgres.NewTokens(pool), Passwords: hasher, SessionLifetime: 12 * time.Hour, PasswordMinimum: 12,
		SignIns: people.SignInLimits{PerEmail: 5, PerAddress: 20, Window: 15 * time.Minute}, ResetTime: time.Hour, EmailChangeTime: 24 * time.Hour,
		Issuer: vouching{}, IssuerTime: 10 * time.Minute, Answers: keptanswers.New(pool),
		Factors: factors.NewStore(pool, sealing.NewKeys(make([]byte, sealing.KeySize))), OneTime: plainCodes{},
	}
}

// plainPasswords are no hashes at all, where hashing is not what a test is about.
type plainPasswords struct{}

func (plainPasswords) Hash(_ context.Context, password string) (string, error) { return password, nil }

func (plainPasswords) Matches(_ context.Context, password, hash string) (bool, error) {
	return hash != "" && password == hash, nil
}
