// Package eventlog says what the log is: streams of events with optimistic
// concurrency and one total order, the events as they are appended and
// recorded, their metadata, revisions and positions, and the port behind which
// an EventStoreDB keeps it all. It knows every event type of the service.
//
// A log has a name of its own (identity.go): the first event of its stream
// "fleetledger-log" says which log it is, and each restore adds one that begins a
// new epoch, with TakeNewEpoch. Positions and revisions that clients hold on to
// carry the epoch (epoch.go), so that those of a lost future are refused. That
// stream is of the one log alone: nothing follows, copies or proves it.
package eventlog
