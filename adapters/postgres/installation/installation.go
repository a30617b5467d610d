// Package installation lets another key of the installation follow the one in force
// while instances run, on the table ops.installation_keys.
//
// A rotation is announced first: the next key is kept sealed with the former one, and
// the former with the next, so that whoever has either has both. From then on instances
// seal with the next key; they look for announcements, and look at once when something
// does not open. Then all that is sealed is sealed anew, a page of rows at a time: what
// the next key opens is left alone, so that it can be cut off anywhere and begun again.
// When it is finished, the next key can no longer be had by the former. The former can
// be had by the next for some days, for what a slow instance has sealed with it.
package installation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/sealing"
)

// Since is the version of the service's tables that has ops.installation_keys.
const Since = 51

// ErrFormer says that another key has followed a key, for good.
var ErrFormer = errors.New("this is the installation's key of before: another one has followed it (fleetledger key rotate)")

// DB is a pool or a transaction.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func formerOwner(id string) []byte { return append([]byte("former key "), id...) }

func nextOwner(id string) []byte { return append([]byte("next key after "), id...) }

// Load gives the keys of now to whoever has one of them: the one in force and others,
// which may still open something. It fails with ErrFormer for a key of before.
func Load(ctx context.Context, db DB, known []byte) (inForce []byte, others [][]byte, err error) {
	rows, _ := db.Query(ctx, `SELECT id, sealed, next FROM ops.installation_keys ORDER BY announced_at`)
	type row struct {
		ID           string
		Sealed, Next []byte
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, nil, postgres.Failure("read the keys of the installation", err)
	}
	inForce = known
	for _, r := range all {
		if r.ID != sealing.ID(inForce) {
			continue
		}
		if r.Next == nil {
			return nil, nil, ErrFormer
		}
		next, err := sealing.Open(inForce, r.Next, nextOwner(r.ID))
		if err != nil {
			return nil, nil, fmt.Errorf("the key that follows %s: %w", r.ID, err)
		}
		others, inForce = append(others, inForce), next
	}
	// A former key may still be sealed with the one that followed it.
	have := sealing.NewKeys(inForce, others...)
	for range all {
		for _, r := range all {
			if former, err := have.Open(r.Sealed, formerOwner(r.ID)); err == nil && !knows(have, former) {
				others = append(others, former)
				have.Replace(inForce, others...)
			}
		}
	}
	return inForce, others, nil
}

func knows(k *sealing.Keys, key []byte) bool {
	for _, one := range k.All() {
		if string(one) == string(key) {
			return true
		}
	}
	return false
}

// Learn brings keys up to date, and tells whether there was anything new.
func Learn(ctx context.Context, db DB, keys *sealing.Keys) (changed bool, err error) {
	inForce, others, err := Load(ctx, db, keys.InForce())
	if err != nil {
		return false, err
	}
	now := sealing.NewKeys(inForce, others...)
	changed = string(inForce) != string(keys.InForce()) || len(others)+1 != len(keys.All())
	for _, key := range now.All() {
		changed = changed || !knows(keys, key)
	}
	if changed {
		keys.Replace(inForce, others...)
	}
	return changed, nil
}

// Every is how often instances look for announcements.
const Every = 2 * time.Second

// Follow keeps the keys up to date until ctx ends, or fails with ErrFormer: an instance
// that has slept through a whole rotation.
func Follow(ctx context.Context, db DB, keys *sealing.Keys, logger *slog.Logger) error {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		before := sealing.ID(keys.InForce())
		_, err := Learn(ctx, db, keys)
		switch {
		case errors.Is(err, ErrFormer):
			return err
		case err != nil && ctx.Err() == nil:
			logger.WarnContext(ctx, "cannot look for another key of the installation", "error", err)
		case err == nil && before != sealing.ID(keys.InForce()):
			logger.InfoContext(ctx, "another key of the installation is in force", "key", sealing.ID(keys.InForce()), "before", before)
		}
	}
}
