package people_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/factors"
	"github.com/fleetledger/fleetledger/adapters/postgres/people"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/rights"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestCredentials(t *testing.T) {
	t.Parallel()
	s := people.NewStore(pgtest.Pool(t))
	ctx, user, first, second := t.Context(), uuid.New(), uuid.New(), uuid.New()
	hash := func(id uuid.UUID) string {
		h, err := s.Credential(ctx, id)
		require.NoError(t, err)
		return h
	}
	require.NoError(t, s.PutCredential(ctx, first, user, "one", noon))
	require.NoError(t, s.PutCredential(ctx, first, user, "another", noon))
	require.Equal(t, "one", hash(first), "the first stays")
	require.NoError(t, s.PutCredential(ctx, second, user, "two", noon))
	others := uuid.New()
	require.NoError(t, s.PutCredential(ctx, others, uuid.New(), "three", noon))
	require.NoError(t, s.KeepCredential(ctx, user, second))
	require.Equal(t, []string{"", "two", "three"}, []string{hash(first), hash(second), hash(others)})
	require.NoError(t, s.DropCredential(ctx, second))
	require.Empty(t, hash(second))
}

// Stores on one database count together, as instances of the service do.
func TestAttemptsAreCountedTogether(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	one, two := people.NewStore(pool), people.NewStore(pool)
	subject, window := []byte("subject"), 10*time.Minute
	seen := make(chan int, 20)
	var working sync.WaitGroup
	for i := range 20 {
		working.Go(func() {
			n, ends, err := []*people.Store{one, two}[i%2].CountAttempt(t.Context(), subject, noon, window)
			assert.NoError(t, err)
			assert.Equal(t, noon.Add(window), ends)
			seen <- n
		})
	}
	working.Wait()
	close(seen)
	counted := map[int]bool{}
	for n := range seen {
		counted[n] = true
	}
	require.Len(t, counted, 20, "each attempt has a number of its own")

	count := func(at time.Time) int {
		n, _, err := one.CountAttempt(t.Context(), subject, at, window)
		require.NoError(t, err)
		return n
	}
	require.Equal(t, 21, count(noon.Add(window-time.Second)))
	require.NoError(t, two.ForgiveAttempt(t.Context(), subject))
	require.Equal(t, 21, count(noon.Add(window-time.Second)))
	require.Equal(t, 1, count(noon.Add(window)), "a new window")
	require.Equal(t, 1, count(noon.Add(-time.Hour)), "a clock that was set back keeps nobody out")
	require.NoError(t, one.ForgetAttempts(t.Context(), subject))
	require.Equal(t, 1, count(noon.Add(-time.Hour)))
}

func TestWherePeopleSignIn(t *testing.T) {
	t.Parallel()
	s := people.NewStore(pgtest.Pool(t))
	ctx, ada, ben := t.Context(), uuid.New(), uuid.New()
	has := func(subject string, since time.Time) bool {
		has, err := s.HasSignedIn(ctx, []byte(subject), since)
		require.NoError(t, err)
		return has
	}
	require.False(t, has("office", noon))
	require.NoError(t, s.RememberSignIn(ctx, []byte("office"), ben, noon.AddDate(0, 0, -100)))
	require.False(t, has("office", noon.AddDate(0, 0, -90)), "too long ago")
	require.NoError(t, s.RememberSignIn(ctx, []byte("home"), ada, noon))
	require.NoError(t, s.RememberSignIn(ctx, []byte("office"), ada, noon))
	require.True(t, has("office", noon.AddDate(0, 0, -90)), "again")
	all, err := s.SignIns(ctx, ada)
	require.NoError(t, err)
	require.ElementsMatch(t, [][]byte{[]byte("home"), []byte("office")}, all)

	removed, err := s.RemoveSignIns(ctx, noon.AddDate(0, 0, 89), 10)
	require.NoError(t, err)
	require.Zero(t, removed)
	removed, err = s.RemoveSignIns(ctx, noon.AddDate(0, 0, 90), 1)
	require.NoError(t, err)
	require.EqualValues(t, 1, removed)
}

func TestSessions(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	s := people.NewStore(pool)
	ctx, user, account := t.Context(), uuid.New(), uuid.New()
	session := func(at time.Time) ports.Session {
		made := ports.Session{ID: uuid.New(), User: user, Account: account, CreatedAt: at, SignedInAt: at, ExpiresAt: at.Add(time.Hour)}
		require.NoError(t, s.CreateSession(ctx, made, made.ID[:]))
		return made
	}
	early := session(noon)
	late := session(noon.Add(time.Minute))
	found, err := s.SessionByHash(ctx, early.ID[:])
	require.NoError(t, err)
	require.Equal(t, early, found)
	early.SignedInAt = noon.Add(time.Minute)
	require.NoError(t, s.RenewSession(ctx, early.ID, early.SignedInAt))
	require.NoError(t, s.RenewSession(ctx, early.ID, noon), "out of order")
	require.ErrorIs(t, s.RenewSession(ctx, uuid.New(), noon), query.ErrNotFound)
	all, err := s.Sessions(ctx, user, noon)
	require.NoError(t, err)
	require.Equal(t, []ports.Session{late, early}, all)
	all, err = s.Sessions(ctx, user, early.ExpiresAt)
	require.NoError(t, err)
	require.Equal(t, []ports.Session{late}, all)
	require.ErrorIs(t, s.EndSession(ctx, uuid.New(), late.ID), query.ErrNotFound)
	require.NoError(t, s.EndSession(ctx, user, late.ID))
	_, err = s.SessionByHash(ctx, late.ID[:])
	require.ErrorIs(t, err, query.ErrNotFound)

	session(noon.Add(2 * time.Hour))
	removed, err := s.RemoveSessions(ctx, early.ExpiresAt, 10)
	require.NoError(t, err)
	require.EqualValues(t, 1, removed)
	_, err = s.SessionByHash(ctx, early.ID[:])
	require.ErrorIs(t, err, query.ErrNotFound, "what has run out is gone")
	last := session(noon.Add(3 * time.Hour))
	require.NoError(t, s.EndSessions(ctx, user, last.CreatedAt, uuid.Nil))
	all, err = s.Sessions(ctx, user, noon)
	require.NoError(t, err)
	require.Equal(t, []ports.Session{last}, all, "those before an instant")
	require.NoError(t, s.EndSessions(ctx, user, time.Time{}, last.ID))
	_, err = s.SessionByHash(ctx, last.ID[:])
	require.NoError(t, err, "all but one")
	require.NoError(t, s.EndSessions(ctx, user, time.Time{}, uuid.Nil))
	all, err = s.Sessions(ctx, user, noon.Add(-time.Hour))
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := people.NewStore(pgtest.Pool(t))
	ctx := t.Context()
	token := ports.PersonalToken{
		ID: uuid.New(), User: uuid.New(), Account: uuid.New(), Label: "ci", Rights: rights.Set{rights.DevicesRead},
		CreatedAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
	kept, err := s.CreateToken(ctx, token, []byte("hash"))
	require.NoError(t, err)
	require.Equal(t, token, kept)
	other := token
	other.Label = "other"
	kept, err = s.CreateToken(ctx, other, []byte("hash"))
	require.NoError(t, err)
	require.Equal(t, token, kept, "the first stays")
	found, err := s.TokenByHash(ctx, []byte("hash"))
	require.NoError(t, err)
	require.Equal(t, token, found)
	require.ErrorIs(t, s.RevokeToken(ctx, uuid.New(), token.ID), query.ErrNotFound)
	require.NoError(t, s.RevokeToken(ctx, token.User, token.ID))
	_, err = s.TokenByHash(ctx, []byte("hash"))
	require.ErrorIs(t, err, query.ErrNotFound)
	_, err = s.CreateToken(ctx, token, []byte("hash"))
	require.NoError(t, err)
	_, err = s.TokenByHash(ctx, []byte("hash"))
	require.ErrorIs(t, err, query.ErrNotFound, "a repeat does not bring it back")
}

func TestTokensOfAUserAreRevoked(t *testing.T) {
	t.Parallel()
	s := people.NewStore(pgtest.Pool(t))
	ctx, user, now, former := t.Context(), uuid.New(), uuid.New(), uuid.New()
	token := func(label string, of, credential uuid.UUID, at time.Time) {
		_, err := s.CreateToken(ctx, ports.PersonalToken{
			ID: uuid.New(), User: of, Label: label, Credential: credential, CreatedAt: at, ExpiresAt: noon.Add(time.Hour),
		}, []byte(label))
		require.NoError(t, err)
	}
	left := func(of uuid.UUID) (labels []string) {
		all, err := s.Tokens(ctx, of)
		require.NoError(t, err)
		for _, one := range all {
			labels = append(labels, one.Label)
		}
		return labels
	}
	token("former", user, former, noon)
	token("unknown", user, uuid.Nil, noon)
	token("now", user, now, noon)
	token("late", user, former, noon.Add(time.Minute))
	other := uuid.New()
	token("other", other, uuid.Nil, noon)
	revoked := func(before time.Time, but uuid.UUID) int {
		ended, err := s.RevokeTokens(ctx, user, before, but)
		require.NoError(t, err)
		return len(ended)
	}
	require.Zero(t, revoked(noon, now))
	require.Len(t, left(user), 4)
	require.Equal(t, 2, revoked(noon.Add(time.Second), now))
	require.ElementsMatch(t, []string{"now", "late"}, left(user))
	require.Equal(t, 2, revoked(time.Time{}, uuid.Nil))
	require.Empty(t, left(user))
	require.Equal(t, []string{"other"}, left(other))
}

// An identity is one user's, and a user has one at an issuer, also when all come
// at once.
func TestIdentities(t *testing.T) {
	t.Parallel()
	s := people.NewStore(pgtest.Pool(t))
	ctx, ada, ben := t.Context(), uuid.New(), uuid.New()
	of := func(issuer, subject string) uuid.UUID {
		user, err := s.UserOfIdentity(ctx, issuer, []byte(subject))
		require.NoError(t, err)
		return user
	}
	bind := func(issuer, subject string, user uuid.UUID) uuid.UUID {
		bound, err := s.BindIdentity(ctx, issuer, []byte(subject), user, noon)
		assert.NoError(t, err)
		return bound
	}
	require.Equal(t, uuid.Nil, of("one", "a"))
	require.Equal(t, ada, bind("one", "a", ada))
	require.Equal(t, ada, bind("one", "a", ada), "again")
	require.Equal(t, ada, bind("one", "a", ben), "the first stays")
	require.Equal(t, uuid.Nil, bind("one", "b", ada), "one each")
	require.Equal(t, ada, bind("two", "b", ada), "elsewhere another")
	require.Equal(t, ben, bind("one", "b", ben))
	require.NoError(t, s.DropIdentities(ctx, ada))
	require.Equal(t, []uuid.UUID{uuid.Nil, uuid.Nil, ben}, []uuid.UUID{of("one", "a"), of("two", "b"), of("one", "b")})

	var bound atomic.Int64
	var working sync.WaitGroup
	for i := range 10 {
		working.Go(func() {
			if bind("three", fmt.Sprint(i), ada) == ada {
				bound.Add(1)
			}
		})
	}
	working.Wait()
	require.EqualValues(t, 1, bound.Load())
}

func TestForget(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	s := people.NewStore(pool)
	ctx, ada, ben := t.Context(), uuid.New(), uuid.New()
	for _, user := range []uuid.UUID{ada, ben} {
		require.NoError(t, s.PutCredential(ctx, uuid.New(), user, "hash", noon))
		require.NoError(t, s.CreateSession(ctx, ports.Session{ID: uuid.New(), User: user, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}, user[:]))
		_, err := s.CreateToken(ctx, ports.PersonalToken{ID: uuid.New(), User: user, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}, user[:])
		require.NoError(t, err)
		_, err = s.BindIdentity(ctx, "issuer", user[:], user, noon)
		require.NoError(t, err)
		_, _, err = s.CreateCalendar(ctx, ports.Calendar{ID: uuid.New(), User: user, CreatedAt: noon}, user[:], 1)
		require.NoError(t, err)
		require.NoError(t, s.RememberSignIn(ctx, user[:], user, noon))
		secrets := factors.NewStore(pool, sealing.NewKeys(sealing.NewKey()))
		require.NoError(t, secrets.Put(ctx, ports.Factor{ID: uuid.New(), User: user, CreatedAt: noon}))
		_, err = secrets.Begin(ctx, user[:], ports.Challenge{User: user, Expires: noon}, noon)
		require.NoError(t, err)
	}
	require.NoError(t, s.Forget(ctx, ada))
	require.NoError(t, s.Forget(ctx, ada))
	for _, table := range []string{"credentials", "sessions", "personal_tokens", "identities", "calendars", "sign_in_addresses", "factors", "challenges"} {
		var left []uuid.UUID
		rows, err := pool.Query(ctx, `SELECT user_uid FROM ops.`+table)
		require.NoError(t, err)
		left, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{ben}, left, table)
	}
}

func TestWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	s := people.NewStore(server.Pool(t))
	server.Kill(t)
	_, err := s.SessionByHash(t.Context(), []byte("hash"))
	require.ErrorIs(t, err, query.ErrUnavailable)
	_, _, err = s.CountAttempt(t.Context(), []byte("subject"), noon, time.Minute)
	require.ErrorIs(t, err, query.ErrUnavailable)
}

func TestWhatHasRunOutIsRemoved(t *testing.T) {
	t.Parallel()
	s := people.NewStore(pgtest.Pool(t))
	ctx := t.Context()
	for n := range 3 {
		_, _, err := s.CountAttempt(ctx, []byte{byte(n)}, noon.Add(time.Duration(n)*time.Hour), time.Hour)
		require.NoError(t, err)
		_, err = s.CreateToken(ctx, ports.PersonalToken{
			ID: uuid.New(), User: uuid.New(), Account: uuid.New(), Profile: "full", CreatedAt: noon, ExpiresAt: noon.AddDate(0, 0, n),
		}, []byte{byte(n)})
		require.NoError(t, err)
	}
	remove := func(remove func(context.Context, time.Time, int) (int64, error), at time.Time, limit int) int64 {
		n, err := remove(ctx, at, limit)
		require.NoError(t, err)
		return n
	}
	require.EqualValues(t, 0, remove(s.RemoveAttempts, noon.Add(time.Hour-time.Second), 10))
	require.EqualValues(t, 1, remove(s.RemoveAttempts, noon.Add(2*time.Hour), 1))
	require.EqualValues(t, 1, remove(s.RemoveAttempts, noon.Add(2*time.Hour), 10))
	require.EqualValues(t, 0, remove(s.RemoveTokens, noon.AddDate(0, 0, 29), 10))
	require.EqualValues(t, 2, remove(s.RemoveTokens, noon.AddDate(0, 0, 31), 10))
	_, err := s.TokenByHash(ctx, []byte{2})
	require.NoError(t, err)
}

func TestSpareCredentials(t *testing.T) {
	t.Parallel()
	s := people.NewStore(pgtest.Pool(t))
	ctx, user := t.Context(), uuid.New()
	put := func(id byte, user uuid.UUID, at time.Time) ports.Credential {
		c := ports.Credential{ID: uuid.UUID{id}, User: user}
		require.NoError(t, s.PutCredential(ctx, c.ID, user, "hash", at))
		return c
	}
	one, two := put(1, user, noon), put(2, user, noon)
	put(3, user, noon.Add(time.Hour))
	put(4, uuid.New(), noon)
	all, err := s.SpareCredentials(ctx, noon.Add(time.Hour), uuid.Nil, 10)
	require.NoError(t, err)
	require.Equal(t, []ports.Credential{one, two}, all)
	all, err = s.SpareCredentials(ctx, noon.Add(time.Hour), one.ID, 10)
	require.NoError(t, err)
	require.Equal(t, []ports.Credential{two}, all)
}
