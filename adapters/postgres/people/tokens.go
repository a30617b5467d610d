package people

import (
	"context"
	"time"

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
		INSERT INTO ops.personal_tokens (id, token_hash, user_uid, account, credential, label, profile, rights, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING`,
		t.ID, tokenHash, t.User, t.Account, orNoID(t.Credential), t.Label, t.Profile, given, t.CreatedAt, t.ExpiresAt)
	if err != nil {
		return ports.PersonalToken{}, err
	}
	rows, _ := s.pool.Query(ctx, `SELECT `+personalColumns+` FROM ops.personal_tokens WHERE id = $1`, t.ID)
	kept, err := pgx.CollectExactlyOneRow(rows, scanToken)
	return kept, postgres.Failure("read personal token", err)
}

const personalColumns = `id, user_uid, account, credential, label, profile, rights, created_at, expires_at, used_at, address, client`

func scanToken(row pgx.CollectableRow) (t ports.PersonalToken, err error) {
	var given []string
	var credential uuid.NullUUID
	var used *time.Time
	err = row.Scan(&t.ID, &t.User, &t.Account, &credential, &t.Label, &t.Profile, &given, &t.CreatedAt, &t.ExpiresAt, &used, &t.Address, &t.Client)
	for _, r := range given {
		t.Rights = append(t.Rights, rights.Right(r))
	}
	t.Credential, t.CreatedAt, t.ExpiresAt = credential.UUID, t.CreatedAt.UTC(), t.ExpiresAt.UTC()
	t.UsedAt = orZero(used)
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

// RevokeTokens implements ports.PeopleStore.
func (s *Store) RevokeTokens(ctx context.Context, user uuid.UUID, before time.Time, but uuid.UUID) ([]uuid.UUID, error) {
	rows, _ := s.pool.Query(ctx, `UPDATE ops.personal_tokens SET revoked = true
		WHERE user_uid = $1 AND NOT revoked AND ($2::timestamptz IS NULL OR created_at < $2) AND credential IS DISTINCT FROM $3
		RETURNING id`, user, orNull(before), but)
	ended, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	return ended, postgres.Failure("revoke the personal tokens of a user", err)
}

// EachToken implements ports.PeopleStore.
func (s *Store) EachToken(ctx context.Context, now time.Time, each func(ports.UsersToken)) error {
	rows, _ := s.pool.Query(ctx, `
		SELECT id, user_uid, false, label, token_hash, created_at FROM ops.personal_tokens WHERE NOT revoked AND expires_at > $1
		UNION ALL
		SELECT id, user_uid, true, label, token_hash, created_at FROM ops.calendars
			WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1)
		ORDER BY 2, 6, 1`, now)
	var t ports.UsersToken
	var made time.Time
	_, err := pgx.ForEachRow(rows, []any{&t.ID, &t.User, &t.Calendar, &t.Label, &t.Hash, &made}, func() error {
		each(t)
		return nil
	})
	return postgres.Failure("list tokens", err)
}

// EndTokens implements ports.PeopleStore.
func (s *Store) EndTokens(ctx context.Context, ids []uuid.UUID, at time.Time) error {
	return s.exec(ctx, "end tokens", `
		WITH ended AS (UPDATE ops.personal_tokens SET revoked = true WHERE id = ANY ($1::uuid[]))
		UPDATE ops.calendars SET revoked_at = $2 WHERE id = ANY ($1::uuid[]) AND revoked_at IS NULL`, ids, at)
}
