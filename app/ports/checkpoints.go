package ports

import (
	"context"
	"time"

	"github.com/fleetledger/fleetledger/app/query"
)

// KeptCheckpoint is a signed checkpoint of the transparency log.
type KeptCheckpoint struct {
	Size     int64  // leaves
	Note     string // as it was signed
	SignedAt time.Time
	Age      time.Duration // since then, by the database's clock
}

// Checkpoints keeps checkpoints for good.
type Checkpoints interface {
	Keep(ctx context.Context, size int64, note string) error
	// Latest is the one that was kept last; query.ErrNotFound while there is none.
	Latest(ctx context.Context) (KeptCheckpoint, error)
	// List is a page of them, the newest first, by signedAt the oldest.
	List(ctx context.Context, p query.Page) (query.List[KeptCheckpoint], error)
}

// CheckpointKeys are the keys that checkpoints are signed with.
type CheckpointKeys interface {
	// CheckpointKeys gives their seeds, the first that ever was first.
	CheckpointKeys(ctx context.Context) ([][]byte, error)
}
