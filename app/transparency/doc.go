// Package transparency shows that an event is in the log, as it was, and that the log
// only grew. It is a transparency log by public conventions, so that tools that others
// have written verify it:
//
//   - the Merkle tree of RFC 6962 over the log's events in order, see query.Tree and
//     eventlog.Recorded.Leaf;
//   - signed checkpoints of it by c2sp.org/tlog-checkpoint, with Ed25519;
//   - its hashes in tiles by c2sp.org/tlog-tiles;
//   - proofs that a leaf is in it by c2sp.org/tlog-proof;
//   - exports of events, each line with its proof, under a signed manifest.
//
// A checkpoint commits the service to every event up to its size: one that is changed,
// left out, put in or moved later shows, to whoever kept the checkpoint. It says nothing
// of whether what an event tells is true, nor that the service shows everybody the same
// tree: for that, auditors compare the checkpoints they were given.
package transparency
