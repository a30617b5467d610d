// Package command is how any command is carried out.
//
// Execute does one decision on one aggregate: load, decide, claim, append,
// release. The decision is a pure function of the aggregate's state; whatever
// else it needs was read before. What must be unique or limited is claimed
// first, by the protocol of package reservation: the aggregate says which
// reservations its states have a right to, and the difference between the state
// before and after is what is claimed and released.
//
// The same decision runs in four ways:
//
//	Execute      carries it out
//	DryRun       gives the same answer and appends nothing; reservations looked
//	             ahead stand for what would have been claimed
//	Bulk         carries out many, each by itself
//	AtomicBatch  carries out all or none (package batch)
//
// A command may be repeated with its id: the ids of its events follow from it, so
// it goes on where it stopped, and what it has appended already counts as done: the
// result is as of those events, whatever others have appended since.
// What a command leaves undone when it dies is finished or undone by the
// reactions, which follow the log.
package command
