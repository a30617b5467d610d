// Package operations carries out long bulk commands in the background: a chunk
// of items at a time, in request order, each chunk by the use case that the bulk
// command is. An operation has the id of its command, so that a repeat is the
// same operation, and the ids of all its events follow from it: what a dead
// process had appended already counts as done.
package operations
