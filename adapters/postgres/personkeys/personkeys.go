// Package personkeys keeps the keys that personal data in events is sealed
// with: app's PersonKeys on the table ops.person_keys.
//
// The keys are themselves sealed, with a key of the installation that is not in
// the database, so that a copy of the database alone opens nothing. Erasing a
// person empties the row and leaves it: a person without a row was never
// erased, so its key is lost.
package personkeys

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres/installation"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/ports"
)

// ErrForeignKey says that the database's keys were sealed with another
// installation key.
var ErrForeignKey = errors.New("the personal data of this database was sealed with another installation key")

// Store keeps keys. It is safe for concurrent use.
type Store struct {
	pool         *pgxpool.Pool
	installation *sealing.Keys
	cache        *cache
}

var _ ports.PersonKeys = (*Store)(nil)

// How much is remembered of what was found, and for how long: an erasure by
// another instance is noticed within that time.
const (
	cacheSize = 10_000
	cacheTime = 10 * time.Second
)

// Open keeps keys in the migrated database of pool, sealed with the
// key of the installation. The first call binds the database
// to the key; another one is refused with ErrForeignKey from then on.
func Open(ctx context.Context, pool *pgxpool.Pool, keys *sealing.Keys) (*Store, error) {
	s := &Store{pool: pool, installation: keys, cache: newCache(cacheSize, cacheTime)}
	return s, s.bind(ctx)
}

// keyMark is sealed once with the installation key, to recognise the key by.
const keyMark = "person-key"

func (s *Store) bind(ctx context.Context) error {
	mark, err := s.installation.Seal([]byte(keyMark), nil)
	if err != nil {
		return fmt.Errorf("installation key: %w", err)
	}
	// Two statements: the winner of a race is only visible to a second one.
	_, err = s.pool.Exec(ctx, `
		INSERT INTO ops.settings (key, value) VALUES ($1, to_jsonb(encode($2::bytea, 'base64')))
		ON CONFLICT (key) DO NOTHING`, keyMark, mark)
	if err != nil {
		return failure("bind the installation key", err)
	}
	err = s.pool.QueryRow(ctx, `SELECT decode(value #>> '{}', 'base64') FROM ops.settings WHERE key = $1`, keyMark).Scan(&mark)
	if err != nil {
		return failure("check the installation key", err)
	}
	return CheckMark(s.installation, mark)
}

// CheckMark gives ErrForeignKey unless the mark, of a database, was sealed with
// the installation key.
func CheckMark(keys *sealing.Keys, mark []byte) error {
	_, err := keys.Open(mark, nil)
	if errors.Is(err, sealing.ErrCannotOpen) {
		return ErrForeignKey
	}
	return err
}

// Rebind binds the database to another key of the installation, which follows the one
// before.
func Rebind(ctx context.Context, tx pgx.Tx, key []byte) error {
	mark, err := sealing.Seal(key, []byte(keyMark), nil)
	if err != nil {
		return fmt.Errorf("installation key: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE ops.settings SET value = to_jsonb(encode($2::bytea, 'base64')) WHERE key = $1`, keyMark, mark)
	return failure("bind the installation key", err)
}

// Sealed are the keys of persons.
var Sealed = installation.Sealed{Table: "ops.person_keys", ID: "person", Column: "key", Kind: installation.UUID, Owner: installation.Itself}

// Unbind lets the next Open bind the database to another installation key. What was
// sealed with the one before is lost then.
func Unbind(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `DELETE FROM ops.settings WHERE key = $1`, keyMark)
	return failure("forget the installation key", err)
}

// Use implements ports.PersonKeys. It never answers from the cache.
func (s *Store) Use(ctx context.Context, person uuid.UUID, stream string) (ports.PersonKey, error) {
	wrapped, err := s.installation.Seal(sealing.NewKey(), person[:])
	if err != nil {
		return ports.PersonKey{}, err
	}
	var kept []byte
	var unreadable bool
	err = s.pool.QueryRow(ctx, `
		INSERT INTO ops.person_keys AS k (person, key, named_in) VALUES ($1, $2, ARRAY[$3::text])
		ON CONFLICT (person) DO UPDATE SET named_in =
			CASE WHEN excluded.named_in <@ k.named_in THEN k.named_in ELSE k.named_in || excluded.named_in END
		RETURNING key, unreadable_at IS NOT NULL`, person, wrapped, stream).Scan(&kept, &unreadable)
	if err != nil {
		return ports.PersonKey{}, failure("use key of a person", err)
	}
	return s.unwrap(person, kept, unreadable)
}

// Find implements ports.PersonKeys.
func (s *Store) Find(ctx context.Context, persons []uuid.UUID) (map[uuid.UUID]ports.PersonKey, error) {
	found := make(map[uuid.UUID]ports.PersonKey, len(persons))
	asked := s.cache.begin()
	var missing [][16]byte
	for _, p := range persons {
		if key, ok := s.cache.get(p); ok {
			found[p] = key
		} else {
			missing = append(missing, p)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	rows, err := s.pool.Query(ctx, `SELECT person, key, unreadable_at IS NOT NULL FROM ops.person_keys WHERE person = ANY ($1::uuid[])`, missing)
	if err != nil {
		return nil, failure("find keys of persons", err)
	}
	var person [16]byte
	var wrapped []byte
	var unreadable bool
	_, err = pgx.ForEachRow(rows, []any{&person, &wrapped, &unreadable}, func() error {
		key, err := s.unwrap(person, wrapped, unreadable)
		if errors.Is(err, ports.ErrKeyLost) {
			return nil // as one without a row
		}
		if err == nil {
			found[person] = key
			s.cache.put(asked, person, key)
		}
		return err
	})
	if err != nil {
		return nil, failure("find keys of persons", err)
	}
	return found, nil
}

func (s *Store) unwrap(person uuid.UUID, wrapped []byte, unreadable bool) (ports.PersonKey, error) {
	if wrapped == nil {
		return ports.PersonKey{Erased: true}, nil
	}
	key, err := s.installation.Open(wrapped, person[:])
	if errors.Is(err, sealing.ErrCannotOpen) {
		return ports.PersonKey{}, fmt.Errorf("key of person %s: %w: %w", person, ports.ErrKeyLost, err)
	}
	if err != nil {
		return ports.PersonKey{}, failure("open the key of a person", err)
	}
	return ports.PersonKey{Key: key, Unreadable: unreadable}, nil
}

// NamedIn implements ports.PersonKeys.
func (s *Store) NamedIn(ctx context.Context, person uuid.UUID) ([]string, error) {
	var streams []string
	err := s.pool.QueryRow(ctx, `SELECT named_in FROM ops.person_keys WHERE person = $1`, person).Scan(&streams)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return streams, failure("find streams that name a person", err)
}

// GiveUp implements ports.PersonKeys. Giving up again keeps the key of the first
// time: something may be sealed with it by now.
func (s *Store) GiveUp(ctx context.Context, person uuid.UUID, streams []string) error {
	wrapped, err := s.installation.Seal(sealing.NewKey(), person[:])
	if err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, `
		INSERT INTO ops.person_keys AS k (person, key, named_in, unreadable_at) VALUES ($1, $2, $3, now())
		ON CONFLICT (person) DO UPDATE SET key = excluded.key, unreadable_at = now(),
			named_in = ARRAY(SELECT DISTINCT unnest(k.named_in || excluded.named_in))
		WHERE k.erased_at IS NULL AND k.unreadable_at IS NULL`, person, wrapped, streams)
	s.cache.forget(person)
	return failure("give up the data of a person", err)
}

// Erase implements ports.PersonKeys. Erasing again changes nothing.
func (s *Store) Erase(ctx context.Context, person uuid.UUID) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO ops.person_keys AS k (person, named_in, erased_at) VALUES ($1, '{}', now())
		ON CONFLICT (person) DO UPDATE SET key = NULL, erased_at = now() WHERE k.erased_at IS NULL`, person)
	s.cache.forget(person)
	return failure("erase a person", err)
}

// failure is not postgres.Failure: whatever PostgreSQL answered may pass, since
// what is asked here is never wrong by itself.
func failure(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w: %w", what, ports.ErrKeysUnavailable, err)
}
