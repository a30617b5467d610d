// Package eventstoredb is the event log on an EventStoreDB server or on the
// embedded node, which speak one protocol.
package eventstoredb
