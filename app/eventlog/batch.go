package eventlog

import (
	"context"
)

// Batch is what the log delivers to a follower at once: events in log order,
// and the position up to which the log was looked through (that of the last
// event, or later, where the filter left events out). A batch may hold no
// events. CaughtUp: there was nothing after it when it was made.
type Batch struct {
	Events   []Recorded
	Upto     Position
	CaughtUp bool
}

type batchKey struct{}

// ContextWithBatch carries a batch in a message's context: the subscriber and
// the projector run in one process, so the decoded events travel as they are
// instead of being encoded into a payload and decoded again.
func ContextWithBatch(ctx context.Context, b Batch) context.Context {
	return context.WithValue(ctx, batchKey{}, b)
}

// BatchFrom is the batch of a message's context.
func BatchFrom(ctx context.Context) (Batch, bool) {
	b, ok := ctx.Value(batchKey{}).(Batch)
	return b, ok
}
