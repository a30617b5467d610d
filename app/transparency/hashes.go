package transparency

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app/query"
)

// TileHeight is the height of tiles, that of c2sp.org/tlog-tiles.
const TileHeight = 8

// hashes reads the tree's hashes by tiles, of a tree that has at least size leaves.
// Two tiles a level are remembered, the one that was read last and the one at the tree's
// edge, which each proof goes by: proofs of leaves in order read each tile once.
type hashes struct {
	ctx  context.Context
	tree query.Tree
	size int64
	last map[int]expanded
	edge map[int]expanded
}

// expanded is a tile with all hashes that can be made of it.
type expanded struct {
	tile   tlog.Tile
	levels [][]tlog.Hash // its own hashes first, their root last
}

func hashesOf(ctx context.Context, tree query.Tree, size int64) *hashes {
	return &hashes{ctx, tree, size, map[int]expanded{}, map[int]expanded{}}
}

// ReadHashes implements tlog.HashReader.
func (r *hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		t, err := r.tile(level/TileHeight, n<<(level%TileHeight)>>TileHeight)
		if err != nil {
			return nil, err
		}
		within := t.levels[level%TileHeight]
		at := n - t.tile.N<<TileHeight>>(level%TileHeight)
		if at >= int64(len(within)) {
			return nil, fmt.Errorf("the tree of %d leaves has no hash %d of level %d", r.size, n, level)
		}
		all[i] = within[at]
	}
	return all, nil
}

// tile reads the tile with the number, as much as the tree has of it.
func (r *hashes) tile(level int, n int64) (expanded, error) {
	for _, known := range []map[int]expanded{r.last, r.edge} {
		if t, ok := known[level]; ok && t.tile.N == n {
			return t, nil
		}
	}
	width := min(r.size>>(TileHeight*level)-n<<TileHeight, 1<<TileHeight)
	t := tlog.Tile{H: TileHeight, L: level, N: n, W: int(width)}
	if width <= 0 {
		return expanded{}, fmt.Errorf("the tree of %d leaves has no tile %s", r.size, t.Path())
	}
	data, err := r.tree.Tiles(r.ctx, []tlog.Tile{t})
	if err != nil {
		return expanded{}, err
	}
	x := expanded{tile: t, levels: [][]tlog.Hash{make([]tlog.Hash, width)}}
	for i := range x.levels[0] {
		copy(x.levels[0][i][:], data[0][i*tlog.HashSize:])
	}
	for row := x.levels[0]; len(row) > 1; row = x.levels[len(x.levels)-1] {
		above := make([]tlog.Hash, len(row)/2)
		for i := range above {
			above[i] = tlog.NodeHash(row[2*i], row[2*i+1])
		}
		x.levels = append(x.levels, above)
	}
	for len(x.levels) <= TileHeight {
		x.levels = append(x.levels, nil)
	}
	if width < 1<<TileHeight {
		r.edge[level] = x
	} else {
		r.last[level] = x
	}
	return x, nil
}
