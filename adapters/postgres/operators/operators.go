// Package operators keeps the tokens of operators, of whom there may be several, on the
// table ops.operator_tokens.
//
// Beside them goes the token that instances are configured with. It has a row once
// another has followed it, which says until when it is still good.
package operators

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/ports"
)

// Main is the name of the operator whose token instances are configured with.
const Main = "operator"

// Prefix begins every token of an operator that the service makes.
const Prefix = "flop_"

// ErrTaken says that an operator has the name already.
var ErrTaken = errors.New("there is an operator of this name")

// Token is a token of an operator.
type Token struct {
	Credential uuid.UUID
	Name       string
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
}

// Usable reports whether the token may be used now.
func (t Token) Usable(now time.Time) bool { return t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt) }

// Credential names a token without telling it.
func Credential(token string) uuid.UUID {
	sum := sha256.Sum256([]byte(token))
	return uuid.NewSHA1(uuid.NameSpaceOID, sum[:])
}

// Store keeps tokens. It is safe for concurrent use.
type Store struct{ pool *pgxpool.Pool }

var _ ports.Operators = (*Store)(nil)

// NewStore keeps tokens in the migrated database of pool.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

// Find gives a token by its credential, ended ones included, else query.ErrNotFound.
func (s *Store) Find(ctx context.Context, credential uuid.UUID) (Token, error) {
	rows, _ := s.pool.Query(ctx, `SELECT credential, name, created_at, expires_at FROM ops.operator_tokens WHERE credential = $1`, credential)
	t, err := pgx.CollectExactlyOneRow(rows, scan)
	return t, postgres.Failure("find the token of an operator", err)
}

// List has the tokens that have not ended, by name.
func (s *Store) List(ctx context.Context, now time.Time) ([]Token, error) {
	rows, _ := s.pool.Query(ctx, `SELECT credential, name, created_at, expires_at FROM ops.operator_tokens
		WHERE expires_at IS NULL OR expires_at > $1 ORDER BY name, created_at`, now)
	all, err := pgx.CollectRows(rows, scan)
	return all, postgres.Failure("list operators", err)
}

func scan(row pgx.CollectableRow) (t Token, err error) {
	var expires *time.Time
	err = row.Scan(&t.Credential, &t.Name, &t.CreatedAt, &expires)
	t.CreatedAt = t.CreatedAt.UTC()
	if expires != nil {
		t.ExpiresAt = expires.UTC()
	}
	return t, err
}

// Add keeps the token of another operator. A name is one operator's; whoever was
// removed may be added again.
func (s *Store) Add(ctx context.Context, name, token string, now, expires time.Time) error {
	return s.begin(ctx, "add an operator", func(tx pgx.Tx) error {
		var taken bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM ops.operator_tokens WHERE name = $1 AND (expires_at IS NULL OR expires_at > $2))`, name, now).Scan(&taken)
		if err != nil {
			return err
		}
		if taken {
			return ErrTaken
		}
		return insert(ctx, tx, name, token, now, expires)
	})
}

// Follow lets a token follow all that the operator has, which end at an instant, not
// later than they would have. former, unless it is empty, is one that has no row.
func (s *Store) Follow(ctx context.Context, name, token, former string, now, formerEnds time.Time) error {
	return s.begin(ctx, "renew the token of an operator", func(tx pgx.Tx) error {
		if former != "" {
			if err := insert(ctx, tx, name, former, now, time.Time{}); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `UPDATE ops.operator_tokens SET expires_at = $3
			WHERE name = $1 AND credential <> $2 AND (expires_at IS NULL OR expires_at > $3)`, name, Credential(token), formerEnds)
		if err != nil {
			return err
		}
		return insert(ctx, tx, name, token, now, time.Time{})
	})
}

// Remove ends the tokens of an operator, and tells whether there were any.
func (s *Store) Remove(ctx context.Context, name string, now time.Time) (had bool, err error) {
	tag, err := s.pool.Exec(ctx, `UPDATE ops.operator_tokens SET expires_at = $2 WHERE name = $1 AND (expires_at IS NULL OR expires_at > $2)`, name, now)
	return tag.RowsAffected() > 0, postgres.Failure("remove an operator", err)
}

// Removed implements ports.Operators.
func (s *Store) Removed(ctx context.Context, name string, now time.Time) (removed bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT coalesce(bool_and(expires_at <= $2), false) FROM
		(SELECT coalesce(expires_at, 'infinity') AS expires_at FROM ops.operator_tokens WHERE name = $1) t`, name, now).Scan(&removed)
	return removed, postgres.Failure("look for an operator", err)
}

func insert(ctx context.Context, tx pgx.Tx, name, token string, now, expires time.Time) error {
	sum := sha256.Sum256([]byte(token))
	var ends *time.Time
	if !expires.IsZero() {
		ends = &expires
	}
	_, err := tx.Exec(ctx, `INSERT INTO ops.operator_tokens (credential, token_hash, name, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (credential) DO NOTHING`, Credential(token), sum[:], name, now, ends)
	return err
}

// begin runs a transaction that no other change of operators runs beside.
func (s *Store) begin(ctx context.Context, what string, do func(pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `LOCK TABLE ops.operator_tokens IN SHARE ROW EXCLUSIVE MODE`); err != nil {
			return err
		}
		return do(tx)
	})
	if errors.Is(err, ErrTaken) {
		return err
	}
	return postgres.Failure(what, err)
}
