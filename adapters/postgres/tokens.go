package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/app/ports"
)

// ErrTokenUnknown says that no token has this hash.
var ErrTokenUnknown = errors.New("token is unknown")

// HashToken gives the form in which a secret is kept and looked up. Secrets
// are random and long, so a plain hash cannot be turned back.
func HashToken(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// Tokens keeps the API tokens of accounts. It implements ports.AccountTokens.
type Tokens struct{ pool *pgxpool.Pool }

// NewTokens keeps tokens in the migrated database of pool.
func NewTokens(pool *pgxpool.Pool) *Tokens { return &Tokens{pool: pool} }

// Create keeps a new token. RevokedAt is not taken over.
func (s *Tokens) Create(ctx context.Context, t ports.AccountToken) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO ops.api_tokens (id, token_hash, account, administrator, profile, label, created_at, expires_at)
		VALUES ($1, $2, $3, $4, nullif($5, ''), $6, $7, $8)`,
		t.ID, t.Hash, t.Account, t.Administrator, t.Profile, t.Label, t.CreatedAt, orNull(t.ExpiresAt))
	return Failure("create token", err)
}

// FindByHash finds a token, expired and revoked ones included, else
// ErrTokenUnknown.
func (s *Tokens) FindByHash(ctx context.Context, hash []byte) (ports.AccountToken, error) {
	t := ports.AccountToken{Hash: hash}
	var expires, revoked *time.Time
	err := s.pool.QueryRow(ctx, `
		SELECT id, account, administrator, coalesce(profile, ''), label, created_at, expires_at, revoked_at
		FROM ops.api_tokens WHERE token_hash = $1`, hash).
		Scan(&t.ID, &t.Account, &t.Administrator, &t.Profile, &t.Label, &t.CreatedAt, &expires, &revoked)
	if errors.Is(err, pgx.ErrNoRows) {
		return ports.AccountToken{}, ErrTokenUnknown
	}
	if err != nil {
		return ports.AccountToken{}, Failure("find token", err)
	}
	t.CreatedAt, t.ExpiresAt, t.RevokedAt = t.CreatedAt.UTC(), orZero(expires), orZero(revoked)
	return t, nil
}

// List implements ports.AccountTokens.
func (s *Tokens) List(ctx context.Context, account uuid.UUID) ([]ports.AccountToken, error) {
	rows, _ := s.pool.Query(ctx, `
		SELECT id, account, administrator, coalesce(profile, ''), label, created_at, expires_at
		FROM ops.api_tokens WHERE revoked_at IS NULL AND ($1::uuid IS NULL OR account = $1) ORDER BY created_at DESC, id`,
		uuid.NullUUID{UUID: account, Valid: account != uuid.Nil})
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t ports.AccountToken, err error) {
		var expires *time.Time
		err = row.Scan(&t.ID, &t.Account, &t.Administrator, &t.Profile, &t.Label, &t.CreatedAt, &expires)
		t.CreatedAt, t.ExpiresAt = t.CreatedAt.UTC(), orZero(expires)
		return t, err
	})
	return all, Failure("list tokens", err)
}

// Revoke implements ports.AccountTokens.
func (s *Tokens) Revoke(ctx context.Context, account, id uuid.UUID, at time.Time) error {
	tag, err := s.pool.Exec(ctx, `
		UPDATE ops.api_tokens SET revoked_at = $3 WHERE id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR account = $2)`,
		id, uuid.NullUUID{UUID: account, Valid: account != uuid.Nil}, at)
	if err == nil && tag.RowsAffected() == 0 {
		err = pgx.ErrNoRows
	}
	return Failure("revoke token", err)
}

// RevokeAll implements ports.AccountTokens.
func (s *Tokens) RevokeAll(ctx context.Context, account uuid.UUID, upTo time.Time) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE ops.api_tokens SET revoked_at = $2 WHERE account = $1 AND created_at <= $2 AND revoked_at IS NULL`, account, upTo)
	return Failure("revoke the tokens of an account", err)
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
