package logcopy

import (
	"crypto/sha256"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// tree gives the root of the Merkle tree of RFC 6962 over leaves that come in order. It
// keeps the roots of the full trees that they make, the largest first: as many as the
// number of leaves has ones in binary.
type tree struct {
	size  int64
	roots []tlog.Hash
}

// add adds the leaf of an event.
func (t *tree) add(e eventlog.Recorded) error {
	leaf, err := e.Leaf()
	if err != nil {
		return err
	}
	hash := tlog.RecordHash(leaf)
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.roots) - 1
		hash = tlog.NodeHash(t.roots[last], hash)
		t.roots = t.roots[:last]
	}
	t.roots = append(t.roots, hash)
	t.size++
	return nil
}

// root is the root of the tree; that of no leaves is the hash of nothing.
func (t *tree) root() tlog.Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	last := len(t.roots) - 1
	hash := t.roots[last]
	for i := last - 1; i >= 0; i-- {
		hash = tlog.NodeHash(t.roots[i], hash)
	}
	return hash
}
