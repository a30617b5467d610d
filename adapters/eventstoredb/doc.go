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
//   - The first call after a break fails, and reads do not even make it look for
//     the node again (retry.go).
//   - A subscription that drops stays dropped (follower.go).
//   - Its error codes lose what gRPC said (failure.go).
//   - It panics in a few places; that becomes an error of the call.
//   - Each search for a node leaks the connection before it, about three
//     goroutines. There is no handle to close it by. The metric
//     fleetledger_eventstore_reconnects_total counts them.
//   - It ends the process when an event has no creation time. Every server sends
//     one.
package eventstoredb
