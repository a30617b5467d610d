package projections

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
)

// Errors of the runner.
var (
	// ErrUnknown: there is no projection of that name.
	ErrUnknown = errors.New("there is no such projection")
	// ErrForeignCheckpoint: the checkpoint was written for another log or
	// another choice of streams. Its positions mean nothing here; a rebuild
	// starts over.
	ErrForeignCheckpoint = errors.New("the checkpoint belongs to another log or filter; rebuild the projection")
	// ErrRebuildRunning: somebody else is rebuilding this projection.
	ErrRebuildRunning = errors.New("a rebuild of this projection is already running")
)

// poisonError names the event that could not be applied.
type poisonError struct {
	event eventlog.Recorded
	err   error
}

func (p *poisonError) Error() string {
	return fmt.Sprintf("event %s (%s, position %s, stream %s revision %d): %v",
		p.event.ID, p.event.Event.EventType(), p.event.Position, p.event.Stream, p.event.Revision, p.err)
}

func (p *poisonError) Unwrap() error { return p.err }

// errReload ends a session whose checkpoint lies before what it has read.
var errReload = errors.New("the checkpoint moved back")

// passing lists answers of PostgreSQL after which the same transaction may
// succeed unchanged, by class.
var passing = map[string]bool{
	"08": true, // connection exceptions
	"25": true, // a standby after a failover
	"40": true, // rolled back: serialization, deadlock
	"53": true, // out of memory, disk or connections
	"55": true, // lock not available
	"57": true, // shut down, starting, cancelled by a timeout
	"58": true, // errors of the system below
}

// transient reports whether trying again later may help without anybody's
// doing. What is not known to pass counts as permanent: it stops the
// projector, which is seen, where endless retries are not.
func transient(err error) bool {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return passing[answer.Code[:2]]
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	for _, known := range []error{
		context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, errConnectionLost,
		eventlog.ErrUnavailable, eventlog.ErrConflict, query.ErrNotCaughtUp, query.ErrUnavailable,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return pgconn.SafeToRetry(err)
}

// errConnectionLost marks failures after which the transaction's connection
// was found closed, whatever the error itself says.
var errConnectionLost = errors.New("the database connection was lost")
