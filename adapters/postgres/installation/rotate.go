package installation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/sealing"
)

// ErrUsedBefore says that a key was in force before, or is.
var ErrUsedBefore = errors.New("this key was in force before")

// Announced is a rotation that is under way.
type Announced struct {
	Former string        // the id of the key before
	Age    time.Duration // since it was announced
}

// UnderWay gives the rotation that is not finished, nil when there is none.
func UnderWay(ctx context.Context, db DB) (*Announced, error) {
	var a Announced
	err := db.QueryRow(ctx, `SELECT id, now() - announced_at FROM ops.installation_keys WHERE next IS NOT NULL`).Scan(&a.Former, &a.Age)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &a, postgres.Failure("look for a rotation", err)
}

// Announce puts the next key in force. rebind binds the database to it in the same
// transaction.
func Announce(ctx context.Context, pool *pgxpool.Pool, former, next []byte, rebind func(context.Context, pgx.Tx) error) error {
	id := sealing.ID(former)
	kept, err := sealing.Seal(next, former, formerOwner(id))
	if err != nil {
		return fmt.Errorf("seal the former key: %w", err)
	}
	bridge, err := sealing.Seal(former, next, nextOwner(id))
	if err != nil {
		return fmt.Errorf("seal the next key: %w", err)
	}
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		var used bool
		err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM ops.installation_keys WHERE id = $1)`, sealing.ID(next)).Scan(&used)
		switch {
		case err != nil:
			return postgres.Failure("look for the next key", err)
		case used || string(former) == string(next):
			return ErrUsedBefore
		}
		_, err = tx.Exec(ctx, `INSERT INTO ops.installation_keys (id, sealed, next) VALUES ($1, $2, $3)`, id, kept, bridge)
		if err != nil {
			return postgres.Failure("announce a key", err)
		}
		return rebind(ctx, tx)
	})
}

// Finish ends a rotation: from then on the former key is of no use by itself.
func Finish(ctx context.Context, db DB) error {
	_, err := db.Exec(ctx, `UPDATE ops.installation_keys SET next = NULL, finished_at = now() WHERE next IS NOT NULL`)
	return postgres.Failure("finish a rotation", err)
}

// keepFormer is how long a former key can be had by the one in force.
const keepFormer = 7 * 24 * time.Hour

// Tidy seals anew what an instance has sealed with a former key since, and forgets
// former keys some days after their rotation.
func Tidy(ctx context.Context, pool *pgxpool.Pool, keys *sealing.Keys, columns []Sealed) error {
	var any bool
	if err := pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM ops.installation_keys)`).Scan(&any); err != nil || !any {
		return postgres.Failure("look for former keys", err)
	}
	if _, err := Learn(ctx, pool, keys); err != nil {
		return err
	}
	if _, err := SealAnew(ctx, pool, keys, columns, nil); err != nil {
		return err
	}
	_, err := pool.Exec(ctx, `DELETE FROM ops.installation_keys WHERE finished_at < now() - $1::interval`, keepFormer)
	return postgres.Failure("forget former keys", err)
}

// Forget drops all former keys, of an installation whose key is lost.
func Forget(ctx context.Context, db DB) error {
	_, err := db.Exec(ctx, `DELETE FROM ops.installation_keys`)
	return postgres.Failure("forget former keys", err)
}
