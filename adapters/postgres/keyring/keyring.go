// Package keyring keeps random keys by name, such as the one that tokens are made
// with, on the table ops.keys. They are the same on all instances, after every
// restart, and in every restored backup.
//
// Each is sealed with the key of the installation, which is not in the database: a
// copy of the database alone makes no token, and another key of the installation
// takes them over without any of them changing.
package keyring

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/installation"
	"github.com/fleetledger/fleetledger/adapters/sealing"
)

// Since is the version of the service's tables that has ops.keys.
const Since = 43

// Ring keeps keys of sealing.KeySize bytes. It is safe for concurrent use.
type Ring struct {
	pool         *pgxpool.Pool
	installation *sealing.Keys
}

// New keeps keys in the migrated database of pool, sealed with the installation's.
func New(pool *pgxpool.Pool, keys *sealing.Keys) *Ring {
	return &Ring{pool: pool, installation: keys}
}

// Sealed are the keys.
var Sealed = installation.Sealed{
	Table: "ops.keys", ID: "name", Column: "sealed", Kind: installation.Text,
	Owner: func(id []byte) []byte { return owner(string(id)) },
}

// Key gives the key of a name. The first call, on whichever instance, makes it.
func (r *Ring) Key(ctx context.Context, name string) ([]byte, error) {
	return r.Adopt(ctx, name, sealing.NewKey())
}

// Adopt is Key for one that is known already: it is kept where the name has none.
func (r *Ring) Adopt(ctx context.Context, name string, key []byte) ([]byte, error) {
	sealed, err := r.installation.Seal(key, owner(name))
	if err != nil {
		return nil, fmt.Errorf("seal the key %s: %w", name, err)
	}
	// Two statements: the winner of a race is only visible to a second one.
	_, err = r.pool.Exec(ctx, `INSERT INTO ops.keys (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, sealed)
	if err != nil {
		return nil, postgres.Failure("keep the key "+name, err)
	}
	return r.find(ctx, name)
}

// Find gives the key of a name; false: it has none.
func (r *Ring) Find(ctx context.Context, name string) (key []byte, ok bool, err error) {
	key, err = r.find(ctx, name)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	return key, err == nil, err
}

func (r *Ring) find(ctx context.Context, name string) ([]byte, error) {
	var sealed []byte
	err := r.pool.QueryRow(ctx, `SELECT sealed FROM ops.keys WHERE name = $1`, name).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, err
	}
	if err != nil {
		return nil, postgres.Failure("read the key "+name, err)
	}
	key, err := r.installation.Open(sealed, owner(name))
	if err != nil {
		return nil, fmt.Errorf("the key %s: %w", name, err)
	}
	return key, nil
}

// owner is what a key is sealed for: a row of another name is no key for this one.
func owner(name string) []byte { return append([]byte("key "), name...) }

// Forget drops all keys: the installation's key that they were sealed with is lost,
// and new ones are made when they are needed.
func Forget(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `DELETE FROM ops.keys`)
	return postgres.Failure("forget keys", err)
}
