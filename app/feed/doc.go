// Package feed is the feed of events: what happened, and what has fallen due, in the order
// of the log, as far as a caller may see it. Rights are those of the moment of reading: an
// event is told to who may read the account that it is about, of a device to who has it
// then or had it before, and of what passes between accounts each side is told its own.
//
// A reader goes on behind the last event that it has handled, by the event's id, for as
// long as the log is kept, and in a copy of it. Events are told at least once: after
// some that failed in between, a reader is given them again.
package feed
