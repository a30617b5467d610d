// Package eventnode is an embedded event store that speaks the EventStoreDB
// gRPC protocol, so that the official clients of any language work against it
// without a server to install.
//
// It owns the PostgreSQL schema "eventnode" and keeps the whole log there: a
// pg_dump of the database is a complete backup. Its promises:
//
//   - What was acknowledged is durable: the answer to an append follows the
//     commit, never precedes it. A kill -9 loses nothing acknowledged and leaves
//     no half batch.
//   - One writer per log. A session advisory lock keeps a second node out, and a
//     fencing epoch, checked inside every write, keeps out a node that lost the
//     lock without noticing. A fenced node stops (see Node.Done and Node.Err). A
//     node that is killed leaves the lock at once, one that is frozen or cut off
//     when its session has been silent for 4 s, by the clock of the database.
//   - One log per node. Each write checks, in its transaction, that the log ends with
//     the event that this node knows as the last, and each heartbeat does so when idle:
//     under a node that runs the database may be restored from an older copy. The
//     node stops then; it does not go on from what it remembers.
//   - Appends are grouped: one goroutine takes all that wait, checks expected
//     revisions and event ids, writes one statement, commits, then answers.
//   - Positions grow by commit order and have no gaps, so subscriptions that
//     follow them miss nothing and repeat nothing.
//
// Semantics (expected revisions, idempotency by event id, bounds of reads,
// soft delete, tombstones, stream metadata, links, filters, checkpoints) copy
// those of EventStoreDB 24.10, its silences included: a subscription that no
// longer keeps up is not told so. Persistent subscriptions, projections, users,
// scavenging and multi-stream appends are not offered and answer Unimplemented.
// Access control lists in stream metadata are stored but not enforced: whoever
// can open the socket may do everything. Therefore the socket is private to its
// owner, and TCP is limited to loopback.
//
// What differs on purpose: event ids are recognised across a restart, system
// events are not in $all, positions have no gaps.
//
// The TCP address also answers health checks over HTTP/1.1, at /health/live.
package eventnode
