package keyring

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/adapters/sealing"
)

func checkpointKey(n int) string { return fmt.Sprintf("checkpoints-%d", n) }

// CheckpointKeys gives the keys that checkpoints of the log are signed with, the first
// that ever was first. The first call makes one.
func (r *Ring) CheckpointKeys(ctx context.Context) ([][]byte, error) {
	first, err := r.Key(ctx, checkpointKey(1))
	if err != nil {
		return nil, err
	}
	all := [][]byte{first}
	for {
		key, ok, err := r.Find(ctx, checkpointKey(len(all)+1))
		if err != nil || !ok {
			return all, err
		}
		all = append(all, key)
	}
}

// NextCheckpointKey makes another key, in the transaction that ends a rotation: cut off
// before, it is none, so that a rotation makes one.
func (r *Ring) NextCheckpointKey(ctx context.Context, tx pgx.Tx) error {
	all, err := r.CheckpointKeys(ctx)
	if err != nil {
		return err
	}
	name := checkpointKey(len(all) + 1)
	sealed, err := r.installation.Seal(sealing.NewKey(), owner(name))
	if err != nil {
		return fmt.Errorf("seal the key %s: %w", name, err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO ops.keys (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, sealed)
	return postgres.Failure("keep the key "+name, err)
}
