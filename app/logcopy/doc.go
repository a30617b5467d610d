// Package logcopy copies a log to another store, event by event: same streams,
// revisions, ids, bytes and order, while the log goes on. Personal data stays sealed, so
// a copy needs no keys. The events that name the log are left out: a copy is another
// log, with positions of its own, and names itself when a service first starts on it.
//
// What the target holds is a prefix of the log at every moment, whatever dies and
// however many copy at once:
//
//   - Before it writes anything a copy reads the target beside the log from the
//     beginning, and refuses one that has something else.
//   - Events are appended one after the other. One is sent only when the store has
//     answered for all before it, so an event that is there has all before it before it.
//   - Each has its revision as the append's expectation, and its own id: a repeated one
//     is the same append, by whomever, and something else in its place is a conflict.
//
// So there is nothing to keep of how far a copy got: the target says it.
//
// At last the target is read back beside the log, and both give the root of the Merkle
// tree of RFC 6962 over their events, which package transparency signs checkpoints of.
package logcopy
