package query

import (
	"context"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Tree is the Merkle tree of RFC 6962 over the log's events in order.
type Tree interface {
	// Size is how many leaves the tree has, once it has come to a position.
	Size(ctx context.Context, p eventlog.Position) (int64, error)
	// Leaf finds the leaf that is the event; ErrNotFound while there is none.
	Leaf(ctx context.Context, event uuid.UUID) (Leaf, error)
	// Tiles are the hashes of tiles of height 8; ErrNotFound where the tree has less than
	// is asked for.
	Tiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error)
}

// Leaf is an event in the tree.
type Leaf struct {
	N        int64 // its number, from 0
	Stream   string
	Revision eventlog.Revision
}
