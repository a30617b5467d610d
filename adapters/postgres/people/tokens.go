package people

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// CreateToken implements ports.PeopleStore. Two statements: what another request
// has just kept is only visible to a second one.
func (s *Store) CreateToken(ctx context.Context, t ports.PersonalToken, tokenHash []byte) (ports.PersonalToken, error) {
	given := make([]string, len(t.Rights))
	for i, r := range t.Rights {
		given[i] = string(r)
	}
	err := s.exec(ctx, "create personal token", `
		INSERT INTO ops.personal_tokens (id, token_hash, user_uid, account, label, profile, rights, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
		t.ID, tokenHash, t.User, t.Account, t.Label, t.Profile, given, t.CreatedAt, t.ExpiresAt)
	if err != nil {
		return ports.PersonalToken{}, err
	}
	rows, _ := s.pool.Query(ctx, `SELECT `+personalColumns+` FROM ops.personal_tokens WHERE id = $1`, t.ID)
	kept, err := pgx.CollectExactlyOneRow(rows, scanToken)
	return kept, postgres.Failure("read personal token", err)
}

const personalColumns = `id, user_uid, account, label, profile, rights, created_at, expires_at`

func scanToken(row pgx.CollectableRow) (t ports.PersonalToken, err error) {
	var given []string
	err = row.Scan(&t.ID, &t.User, &t.Account, &t.Label, &t.Profile, &given, &t.CreatedAt, &t.ExpiresAt)
	for _, r := range given {
		t.Rights = append(t.Rights, rights.Right(r))
	}
	t.CreatedAt, t.ExpiresAt = t.CreatedAt.UTC(), t.ExpiresAt.UTC()
	return t, err
}

// TokenByHash implements ports.PeopleStore.
func (s *Store) TokenByHash(ctx context.Context, tokenHash []byte) (ports.PersonalToken, error) {
	rows, _ := s.pool.Query(ctx, `SELECT `+personalColumns+` FROM ops.personal_tokens WHERE token_hash = $1 AND NOT revoked`, tokenHash)
	t, err := pgx.CollectExactlyOneRow(rows, scanToken)
	return t, postgres.Failure("find personal token", err)
}

// Tokens implements ports.PeopleStore.
func (s *Store) Tokens(ctx context.Context, user uuid.UUID) ([]ports.PersonalToken, error) {
	rows, _ := s.pool.Query(ctx, `SELECT `+personalColumns+` FROM ops.personal_tokens
		WHERE user_uid = $1 AND NOT revoked ORDER BY created_at DESC, id`, user)
	all, err := pgx.CollectRows(rows, scanToken)
	return all, postgres.Failure("list personal tokens", err)
}

// RevokeToken implements ports.PeopleStore. The row stays, so that a repeat of the
// request that made the token does not bring it back.
func (s *Store) RevokeToken(ctx context.Context, user, id uuid.UUID) error {
	return s.execOne(ctx, "revoke personal token",
		`UPDATE ops.personal_tokens SET revoked = true WHERE user_uid = $1 AND id = $2 AND NOT revoked`, user, id)
}
