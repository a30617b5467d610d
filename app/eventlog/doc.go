// Package eventlog says what the log is: streams of events with optimistic
// concurrency and one total order, the events as they are appended and
// recorded, their metadata, revisions and positions, and the port behind which
// an EventStoreDB keeps it all. It knows every event type of the service.
package eventlog
