package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// OwnWrites knows the last position that each credential has written, whichever
// instance carried the write out. The read model asks ops.own_writes itself.
type OwnWrites struct{ pool *pgxpool.Pool }

// NewOwnWrites keeps positions in the migrated database of pool.
func NewOwnWrites(pool *pgxpool.Pool) *OwnWrites { return &OwnWrites{pool: pool} }

// Note keeps the position unless a later one is known. It does not wait for the disk:
// what a crash of the database takes is that the next read may come before the write.
func (s *OwnWrites) Note(ctx context.Context, credential []byte, p eventlog.Position) error {
	_, err := s.pool.Exec(ctx, `
		WITH lazily AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
		INSERT INTO ops.own_writes AS w (credential, commit_position, prepare_position) SELECT $1, $2, $3 FROM lazily
		ON CONFLICT (credential) DO UPDATE SET
			commit_position = excluded.commit_position, prepare_position = excluded.prepare_position, written_at = now()
		WHERE (w.commit_position, w.prepare_position) < (excluded.commit_position, excluded.prepare_position)`,
		credential, int64(p.Commit), int64(p.Prepare))
	return Failure("note own write", err)
}

// ownWritesKept is how long a write is remembered: far longer than a read model
// is behind.
const ownWritesKept = time.Hour

// RemoveOld removes up to limit positions that every read model has long reached.
func (s *OwnWrites) RemoveOld(ctx context.Context, limit int) (int64, error) {
	tag, err := s.pool.Exec(ctx, `DELETE FROM ops.own_writes WHERE credential IN
		(SELECT credential FROM ops.own_writes WHERE written_at < now() - make_interval(secs => $1)
		ORDER BY written_at LIMIT $2 FOR UPDATE SKIP LOCKED)`, ownWritesKept.Seconds(), limit)
	return tag.RowsAffected(), Failure("remove own writes", err)
}
