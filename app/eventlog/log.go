package eventlog

import (
	"context"
	"errors"
	"iter"
)

// ErrBusy says that others were faster each time, or that the same command is
// still being carried out. Repeating it later is safe.
var ErrBusy = errors.New("busy with other requests for the same thing")

// Revision is what an append expects of its stream: the revision (from 0) of
// its last event, or one of the two below.
type Revision int64

// Expectations without a number.
const (
	NoStream Revision = -1 // nothing was ever appended
	Any      Revision = -2 // no expectation
)

// Errors of the Log port. Implementations wrap them.
var (
	// ErrConflict: the stream is not at the expected revision.
	ErrConflict = errors.New("stream is at another revision")
	// ErrUnavailable: the store did not answer in time. The outcome of an
	// append is then unknown; repeating it with the same ids is safe.
	ErrUnavailable = errors.New("the event store does not answer")
	// ErrDiskFull: the store has no room. Nothing was appended; it takes somebody to
	// make room.
	ErrDiskFull = errors.New("the disk of the event store is full")
	// ErrStreamDeleted: the stream was tombstoned.
	ErrStreamDeleted = errors.New("stream was deleted")
)

// Log is the event store: streams with optimistic concurrency and one total order.
type Log interface {
	// Append adds events to a stream, all or none, when it is at the expected
	// revision; else ErrConflict. It gives the stream's new revision and the
	// position of the last event.
	Append(ctx context.Context, stream string, expected Revision, events ...NewEvent) (Revision, Position, error)
	// ReadStream yields a stream's events from the given revision (0 = all).
	// A stream that does not exist yields nothing. It stops after an error.
	ReadStream(ctx context.Context, stream string, from Revision) iter.Seq2[Recorded, error]
	// ReadLast gives the last event of a stream; false when there is none.
	ReadLast(ctx context.Context, stream string) (Recorded, bool, error)
	// ReadAll yields the events of streams that start with one of the
	// prefixes, in log order, after the given position up to the log's end.
	ReadAll(ctx context.Context, after Position, prefixes ...string) iter.Seq2[Recorded, error]
}
