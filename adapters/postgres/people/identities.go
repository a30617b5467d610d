package people

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/postgres"
)

// UserOfIdentity implements ports.PeopleStore.
func (s *Store) UserOfIdentity(ctx context.Context, issuer string, subject []byte) (uuid.UUID, error) {
	var user uuid.UUID
	err := s.pool.QueryRow(ctx, `SELECT user_uid FROM ops.identities WHERE issuer = $1 AND subject = $2`, issuer, subject).Scan(&user)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, nil
	}
	return user, postgres.Failure("find identity", err)
}

// BindIdentity implements ports.PeopleStore. Two statements: what another request
// has just bound is only visible to a second one.
func (s *Store) BindIdentity(ctx context.Context, issuer string, subject []byte, user uuid.UUID, at time.Time) (uuid.UUID, error) {
	err := s.exec(ctx, "bind identity", `INSERT INTO ops.identities (issuer, subject, user_uid, created_at)
		VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, issuer, subject, user, at)
	if err != nil {
		return uuid.Nil, err
	}
	return s.UserOfIdentity(ctx, issuer, subject)
}

// DropIdentities implements ports.PeopleStore.
func (s *Store) DropIdentities(ctx context.Context, user uuid.UUID) error {
	return s.exec(ctx, "drop identities", `DELETE FROM ops.identities WHERE user_uid = $1`, user)
}
