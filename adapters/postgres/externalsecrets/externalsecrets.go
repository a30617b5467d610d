// Package externalsecrets keeps the secrets of external accounts: app's
// ExternalSecrets on the table ops.external_secrets. They are sealed with the key
// of the installation, as the keys of personal data are: a copy of the database
// alone opens nothing.
package externalsecrets

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/postgres/installation"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/ports"
)

// Store keeps secrets. It is safe for concurrent use.
type Store struct {
	pool         *pgxpool.Pool
	installation *sealing.Keys
}

var _ ports.ExternalSecrets = (*Store)(nil)

// NewStore keeps secrets in the migrated database of pool, sealed with the
// key of the installation.
func NewStore(pool *pgxpool.Pool, keys *sealing.Keys) *Store {
	return &Store{pool: pool, installation: keys}
}

// Sealed are the secrets.
var Sealed = installation.Sealed{Table: "ops.external_secrets", ID: "id", Column: "sealed", Kind: installation.UUID, Owner: installation.Itself}

// Put implements ports.ExternalSecrets. What is sealed is bound to its id.
func (s *Store) Put(ctx context.Context, id, account uuid.UUID, secret string) error {
	sealed, err := s.installation.Seal([]byte(secret), id[:])
	if err != nil {
		return fmt.Errorf("seal a secret: %w", err)
	}
	return s.exec(ctx, "keep a secret",
		`INSERT INTO ops.external_secrets (id, account, sealed) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`, id, account, sealed)
}

// Settle implements ports.ExternalSecrets.
func (s *Store) Settle(ctx context.Context, id uuid.UUID) error {
	return s.exec(ctx, "settle a secret", `UPDATE ops.external_secrets SET settled = true WHERE id = $1 AND NOT settled`, id)
}

// Drop implements ports.ExternalSecrets.
func (s *Store) Drop(ctx context.Context, id uuid.UUID) error {
	return s.exec(ctx, "drop a secret", `DELETE FROM ops.external_secrets WHERE id = $1`, id)
}

// Unsettled implements ports.ExternalSecrets. Ages are by the database's clock, so
// that a sandbox's moving its own makes no secret older.
func (s *Store) Unsettled(ctx context.Context, age time.Duration) ([]ports.UnsettledSecret, error) {
	rows, _ := s.pool.Query(ctx, `SELECT id, account FROM ops.external_secrets
		WHERE NOT settled AND created_at < now() - $1::interval ORDER BY created_at LIMIT 1000`, age)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ports.UnsettledSecret])
	return all, postgres.Failure("list unsettled secrets", err)
}

func (s *Store) exec(ctx context.Context, what, sql string, args ...any) error {
	_, err := s.pool.Exec(ctx, sql, args...)
	return postgres.Failure(what, err)
}
