// Package eventstoredb is the event log: the port eventlog.Log on an EventStoreDB
// server or on the embedded node, which speak one protocol, and a watermill
// subscriber that readers of the log are fed by.
//
// # What is promised
//
//   - Append adds all events or none, at the expected revision or with
//     eventlog.ErrConflict. After eventlog.ErrUnavailable the outcome is unknown, and
//     the same call again is safe: the store recognises the events by their ids.
//     With eventlog.Any it does so from a bounded memory only, which a restart of the
//     node empties; nothing that must not be there twice should be appended so.
//   - A call returns when its context ends or the call timeout is over, whatever
//     state the node is in. An outage of any length ends by itself: calls work
//     again as soon as the node does, without an error for the first.
//   - Follow and Subscriber deliver each event of the chosen streams once, in log
//     order, behind the position they were given, across any number of breaks.
//     What was not handled (acked) when the process ended comes again: a reader
//     that keeps its position in one transaction with what it made of the events
//     applies each exactly once.
//   - An event this program does not know stops whoever reads it, after all
//     events before it, with codec.ErrUnknown. It is never skipped.
//   - Personal data (codec.Personal) never reaches the store in plain: it is
//     sealed with a key of the person's own on its way in, and opened on its way
//     out (personal.go). Of an erased person the id is left. A key that is lost
//     stops readers like an unknown event, with ports.ErrKeyLost; keys that do not
//     answer are like a store that does not.
//
// # What is not
//
//   - Reads may be stale in a cluster: the client never tells the store that it
//     wants the leader, so a demoted leader may answer for a while. Decisions are
//     protected by the expected revision of the append that follows them;
//     anything shown to people is behind the log anyway.
//   - There is no append to several streams. Package app/command keeps rules across
//     streams; package app/reactions finishes what died on the way.
//   - Positions belong to one store. They mean nothing to another, even if it
//     holds the same events.
//   - How far a follower has looked is known exactly only by the events it
//     follows. Events of others move it on in steps of up to 32, so a reader that
//     is asked to have reached a position must follow the stream that it came
//     from.
//   - Whether a follower is at the log's end is known exactly only when the store
//     says CaughtUp. No store says that a follower has fallen behind again: one
//     whose queue overflows takes it for possible for a second (logend.go).
//   - Reading the whole log, Ping included, needs a user that may read $all.
//
// # The guard
//
// The client (v4.2.0) has failures that are answered here, each with a test that
// takes the node down:
//
//   - It ignores contexts while it looks for a node. Each call has a goroutine of
//     its own that the caller can leave (guard.go, flow.go); those left are
//     parked, counted, and bounded by Options.MaxCalls, after which calls fail
//     without waiting. Close waits for them a little, then closes the client
//     behind them.
//   - It gives up for good after some attempts to find a node: they are made
//     unlimited (options.go).
//   - The first call after a break fails, and a read that cannot even be sent does
//     not make it look for the node again (retry.go, clients.go).
//   - A subscription that drops stays dropped (follower.go).
//   - Its error codes lose what gRPC said (failure.go).
//   - It panics in a few places; that becomes an error of the call.
//   - Each search for a node but the first leaks the connection before it (below).
//   - It ends the process when an event has no creation time. Every server sends
//     one.
//
// # One client per connection
//
// A call that fails as Unavailable has the client forget its connection; the next
// call then has it look for a node, and the connection that it forgot is never
// closed: a file here and one at the node, and some ten goroutines, for each. Nothing
// of the client's leads to that connection. But closing the client closes it, as long
// as nobody has asked for another. So a client serves one connection (clients.go):
//
//   - The client logs such a failure, on the failed call's goroutine, before it
//     forgets the connection. That line is where the client is given up: later calls
//     share the next client. The line returns only when all calls that were about to
//     take the connection have it, which the client's first look at their deadline
//     shows: it comes right after. So nobody asks for another.
//   - The client is closed when the last call has left it. Earlier would panic those
//     inside. What is on a broken connection ends by itself; reads and subscriptions
//     that still get on with it (the node was unavailable for one call only) are moved
//     after 5 s: they begin anew where they were, on the next client.
//   - Two clients are at least the discovery interval apart, so that a node that
//     refuses everything is not run down.
//   - The node, when only its PostgreSQL is away, answers Aborted, not Unavailable:
//     there is nothing to look for. It is repeated until the deadline all the same.
//     Clusters answer so where an operation got no answer in time.
//
// What is left: in a cluster, when the leader that a node names dies just then, its
// connection stays until gRPC finds it idle, after half an hour. The metric
// fleetledger_eventstore_reconnects_total counts clients given up for a failure,
// fleetledger_eventstore_clients those not yet closed.
package eventstoredb
