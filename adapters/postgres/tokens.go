package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrTokenUnknown says that no token has this hash, or this id.
var ErrTokenUnknown = errors.New("token is unknown")

// Token is what a bearer token stands for. The secret itself is never kept.
type Token struct {
	ID uuid.UUID
	// Hash is HashToken of the secret.
	Hash    []byte
	Account uuid.UUID
	// Administrator tokens have every right in the account and need no Profile.
	Administrator bool
	Profile       string
	Label         string
	CreatedAt     time.Time
	// ExpiresAt is zero for a token that does not expire.
	ExpiresAt time.Time
	// RevokedAt is zero for a token that was not revoked.
	RevokedAt time.Time
}

// Usable reports whether the token may be used now.
func (t Token) Usable(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}

// HashToken gives the form in which a secret is kept and looked up. Secrets
// are random and long, so a plain hash cannot be turned back.
func HashToken(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// Tokens keeps API tokens.
type Tokens struct{ pool *pgxpool.Pool }

// NewTokens keeps tokens in the migrated database of pool.
func NewTokens(pool *pgxpool.Pool) *Tokens { return &Tokens{pool: pool} }

// Create keeps a new token. RevokedAt is not taken over.
func (s *Tokens) Create(ctx context.Context, t Token) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO ops.api_tokens (id, token_hash, account, administrator, profile, label, created_at, expires_at)
		VALUES ($1, $2, $3, $4, nullif($5, ''), $6, $7, $8)`,
		t.ID, t.Hash, t.Account, t.Administrator, t.Profile, t.Label, t.CreatedAt, orNull(t.ExpiresAt))
	return Failure("create token", err)
}

// FindByHash finds a token, expired and revoked ones included, else
// ErrTokenUnknown.
func (s *Tokens) FindByHash(ctx context.Context, hash []byte) (Token, error) {
	t := Token{Hash: hash}
	var expires, revoked *time.Time
	err := s.pool.QueryRow(ctx, `
		SELECT id, account, administrator, coalesce(profile, ''), label, created_at, expires_at, revoked_at
		FROM ops.api_tokens WHERE token_hash = $1`, hash).
		Scan(&t.ID, &t.Account, &t.Administrator, &t.Profile, &t.Label, &t.CreatedAt, &expires, &revoked)
	if errors.Is(err, pgx.ErrNoRows) {
		return Token{}, ErrTokenUnknown
	}
	if err != nil {
		return Token{}, Failure("find token", err)
	}
	t.CreatedAt, t.ExpiresAt, t.RevokedAt = t.CreatedAt.UTC(), orZero(expires), orZero(revoked)
	return t, nil
}

// Revoke makes a token useless from an instant on; a token revoked before
// keeps the earlier instant. It fails with ErrTokenUnknown.
func (s *Tokens) Revoke(ctx context.Context, id uuid.UUID, at time.Time) error {
	tag, err := s.pool.Exec(ctx, `UPDATE ops.api_tokens SET revoked_at = least(revoked_at, $2) WHERE id = $1`, id, at)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrTokenUnknown
	}
	return Failure("revoke token", err)
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
