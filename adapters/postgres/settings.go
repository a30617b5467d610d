package postgres

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Secret gives the installation's random secret of a name, size bytes long. The
// first call makes it; from then on it is the same on all instances, after
// every restart, and in every restored backup. Asking for another size than it
// was made with is an error, since a new secret would make what the old one
// signed worthless.
func Secret(ctx context.Context, pool *pgxpool.Pool, name string, size int) ([]byte, error) {
	if size <= 0 {
		return nil, fmt.Errorf("secret %s: %d bytes are no secret", name, size)
	}
	fresh := make([]byte, size)
	if _, err := rand.Read(fresh); err != nil {
		return nil, fmt.Errorf("make secret %s: %w", name, err)
	}
	key := "secret-" + name
	// Two statements: the winner of a race is only visible to a second one.
	_, err := pool.Exec(ctx, `
		INSERT INTO ops.settings (key, value) VALUES ($1, to_jsonb(encode($2::bytea, 'base64')))
		ON CONFLICT (key) DO NOTHING`, key, fresh)
	if err != nil {
		return nil, Failure("keep secret "+name, err)
	}
	var kept []byte
	err = pool.QueryRow(ctx, `SELECT decode(value #>> '{}', 'base64') FROM ops.settings WHERE key = $1`, key).Scan(&kept)
	if err != nil {
		return nil, Failure("read secret "+name, err)
	}
	if len(kept) != size {
		return nil, fmt.Errorf("secret %s has %d bytes, not %d", name, len(kept), size)
	}
	return kept, nil
}
