package installation_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/postgres/externalsecrets"
	"github.com/fleetledger/fleetledger/adapters/postgres/factors"
	"github.com/fleetledger/fleetledger/adapters/postgres/installation"
	"github.com/fleetledger/fleetledger/adapters/postgres/keyring"
	"github.com/fleetledger/fleetledger/adapters/postgres/mails"
	"github.com/fleetledger/fleetledger/adapters/postgres/personkeys"
	"github.com/fleetledger/fleetledger/adapters/postgres/pgtest"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/ports"
)

var columns = []installation.Sealed{
	personkeys.Sealed, keyring.Sealed, externalsecrets.Sealed, mails.Sealed, factors.Sealed, factors.SealedChallenges,
}

// given has the keys of an instance that was started with one of them.
type given struct {
	t    *testing.T
	pool *pgxpool.Pool
	keys *sealing.Keys
}

func startedWith(t *testing.T, pool *pgxpool.Pool, key []byte) given {
	t.Helper()
	inForce, others, err := installation.Load(t.Context(), pool, key)
	require.NoError(t, err)
	g := given{t, pool, sealing.NewKeys(inForce, others...)}
	g.keys.Learning(func() (bool, error) { return installation.Learn(context.Background(), pool, g.keys) })
	return g
}

func (g given) persons() *personkeys.Store {
	g.t.Helper()
	s, err := personkeys.Open(g.t.Context(), g.pool, g.keys)
	require.NoError(g.t, err)
	return s
}

func (g given) announce(next []byte) {
	g.t.Helper()
	require.NoError(g.t, installation.Announce(g.t.Context(), g.pool, g.keys.InForce(), next, func(ctx context.Context, tx pgx.Tx) error {
		return personkeys.Rebind(ctx, tx, next)
	}))
}

// secrets are one of each kind.
type secrets struct {
	persons  []uuid.UUID
	keys     [][]byte
	ring     []byte
	mail     uuid.UUID
	user     uuid.UUID
	external uuid.UUID
}

func (g given) filled(persons int) (s secrets) {
	g.t.Helper()
	ctx := g.t.Context()
	store := g.persons()
	for range persons {
		person := uuid.New()
		key, err := store.Use(ctx, person, "account-1")
		require.NoError(g.t, err)
		s.persons, s.keys = append(s.persons, person), append(s.keys, key.Key)
	}
	var err error
	s.ring, err = keyring.New(g.pool, g.keys).Key(ctx, "tokens")
	require.NoError(g.t, err)
	s.mail, s.user, s.external = uuid.New(), uuid.New(), uuid.New()
	require.NoError(g.t, g.mails().Send(ctx, ports.Mail{ID: s.mail, To: "ada@x.example"}))
	require.NoError(g.t, factors.NewStore(g.pool, g.keys).Put(ctx, ports.Factor{ID: uuid.New(), User: s.user, Kind: "totp", Secret: []byte("seed")}))
	require.NoError(g.t, externalsecrets.NewStore(g.pool, g.keys).Put(ctx, s.external, uuid.New(), "password"))
	return s
}

func (g given) mails() *mails.Store {
	return mails.NewStore(g.pool, g.keys, func(context.Context, pgx.Tx, uuid.UUID) error { return nil })
}

// opens expects that the instance opens all of the secrets.
func (g given) opens(s secrets) {
	g.t.Helper()
	ctx := g.t.Context()
	found, err := g.persons().Find(ctx, s.persons)
	require.NoError(g.t, err)
	for i, person := range s.persons {
		require.Equal(g.t, s.keys[i], found[person].Key)
	}
	ring, err := keyring.New(g.pool, g.keys).Key(ctx, "tokens")
	require.NoError(g.t, err)
	require.Equal(g.t, s.ring, ring)
	mail, err := g.mails().Waiting(ctx, s.mail)
	require.NoError(g.t, err)
	require.Equal(g.t, "ada@x.example", mail.To)
	all, err := factors.NewStore(g.pool, g.keys).Of(ctx, s.user)
	require.NoError(g.t, err)
	require.Equal(g.t, "seed", string(all[0].Secret))
}

// opened counts the persons whose key can be opened, without looking at the mark.
func (g given) opened(s secrets) (n int, err error) {
	rows, _ := g.pool.Query(g.t.Context(), `SELECT person, key FROM ops.person_keys WHERE person = ANY ($1)`, s.persons)
	var person uuid.UUID
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&person, &sealed}, func() error {
		if _, err := g.keys.Open(sealed, person[:]); err == nil {
			n++
		}
		return nil
	})
	return n, err
}

// Whoever has either key opens all, wherever a rotation was cut off; once it is
// finished, whoever has the new one only.
func TestRotationCutOffAnywhere(t *testing.T) {
	t.Parallel()
	pool, first, next := pgtest.Pool(t), sealing.NewKey(), sealing.NewKey()
	old := startedWith(t, pool, first) // runs all the time
	held := old.filled(520)            // more than a page
	old.announce(next)
	require.ErrorIs(t, installation.Announce(t.Context(), pool, next, first, nil), installation.ErrUsedBefore)

	cut := errors.New("cut off")
	for pages := 1; ; pages++ {
		killed, cancel := context.WithCancelCause(t.Context())
		n := 0
		_, err := installation.SealAnew(killed, pool, startedWith(t, pool, first).keys, columns, func(string, installation.Count) {
			if n++; n == pages {
				cancel(cut)
			}
		})
		cancel(nil)
		old.opens(held)
		startedWith(t, pool, first).opens(held)
		startedWith(t, pool, next).opens(held)
		if err == nil {
			break
		}
		require.ErrorIs(t, context.Cause(killed), cut)
	}
	require.Equal(t, next, old.keys.InForce(), "it has learned")
	require.NoError(t, installation.Finish(t.Context(), pool))
	old.opens(held)
	startedWith(t, pool, next).opens(held)
	_, _, err := installation.Load(t.Context(), pool, first)
	require.ErrorIs(t, err, installation.ErrFormer)
	found, err := (given{t, pool, sealing.NewKeys(first, sealing.NewKey())}).opened(held)
	require.NoError(t, err)
	require.Zero(t, found, "the key before opens nothing")
}

// An instance that was slow has sealed with the former key: it opens, is sealed anew,
// and another rotation carries all of it on.
func TestWhatASlowInstanceHasSealed(t *testing.T) {
	t.Parallel()
	pool, first, second, third := pgtest.Pool(t), sealing.NewKey(), sealing.NewKey(), sealing.NewKey()
	old := startedWith(t, pool, first)
	held := old.filled(3)
	slow := given{t, pool, sealing.NewKeys(first)} // learns nothing
	old.announce(second)
	_, err := installation.SealAnew(t.Context(), pool, startedWith(t, pool, second).keys, columns, nil)
	require.NoError(t, err)
	require.NoError(t, installation.Finish(t.Context(), pool))
	late := uuid.New()
	key, err := (&slowPersons{slow}).use(late)
	require.NoError(t, err)

	now := startedWith(t, pool, second)
	found, err := now.persons().Find(t.Context(), []uuid.UUID{late})
	require.NoError(t, err)
	require.Equal(t, key, found[late].Key)
	now.announce(third) // before it was sealed anew
	count, err := installation.SealAnew(t.Context(), pool, startedWith(t, pool, third).keys, columns, nil)
	require.NoError(t, err)
	require.Zero(t, count.Lost)
	require.NoError(t, installation.Finish(t.Context(), pool))
	startedWith(t, pool, third).opens(held)
	startedWith(t, pool, third).opens(secrets{
		persons: []uuid.UUID{late}, keys: [][]byte{key}, ring: held.ring, mail: held.mail, user: held.user,
	})

	_, err = pool.Exec(t.Context(), `UPDATE ops.installation_keys SET finished_at = now() - interval '8 days'`)
	require.NoError(t, err)
	require.NoError(t, installation.Tidy(t.Context(), pool, startedWith(t, pool, third).keys, columns))
	var left int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM ops.installation_keys`).Scan(&left))
	require.Zero(t, left)
	startedWith(t, pool, third).opens(held)
}

// slowPersons seals as an instance does that was opened before the rotation.
type slowPersons struct{ given }

func (s *slowPersons) use(person uuid.UUID) ([]byte, error) {
	key := sealing.NewKey()
	sealed, err := s.keys.Seal(key, person[:])
	if err != nil {
		return nil, err
	}
	_, err = s.pool.Exec(s.t.Context(), `INSERT INTO ops.person_keys (person, key, named_in) VALUES ($1, $2, '{}')`, person, sealed)
	return key, err
}

// No column of sealed things is forgotten: those of bytes in the database are either
// sealed and listed, or known to be something else.
func TestAllThatIsSealedIsListed(t *testing.T) {
	t.Parallel()
	pool := pgtest.Pool(t)
	rows, _ := pool.Query(t.Context(), `SELECT format('%s.%s.%s', table_schema, table_name, column_name) FROM information_schema.columns
		WHERE data_type = 'bytea' AND table_schema = 'ops' AND table_name NOT LIKE 'river%'`)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	known := []string{
		"ops.idempotency_keys.fingerprint", "ops.idempotency_keys.body", "ops.api_tokens.token_hash", "ops.sessions.token_hash",
		"ops.personal_tokens.token_hash", "ops.calendars.token_hash", "ops.sign_in_attempts.subject", "ops.sign_in_addresses.subject",
		"ops.identities.subject", "ops.mail_counts.subject", "ops.own_writes.credential", "ops.factors.uniquely", "ops.challenges.hash",
		"ops.operator_tokens.token_hash", "ops.installation_keys.sealed", "ops.installation_keys.next",
	}
	for _, c := range columns {
		known = append(known, c.Table+"."+c.Column)
	}
	require.ElementsMatch(t, known, all)
}
