package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
)

// Class says what repeating a call unchanged can do about its error.
type Class int

// The classes of errors.
const (
	// Permanent errors come again: a refusal, a mistake of ours, or nothing that
	// is known to pass.
	Permanent Class = iota
	// Unavailable: the server cannot be reached or cannot serve now. The error
	// does not say whether a write that was under way has happened.
	Unavailable
	// Conflict: another transaction was in the way; this one was rolled back.
	Conflict
	// Overloaded: the server lacked memory, disk or time, or its system failed.
	Overloaded
	// Abandoned: the caller's context ended. Nothing is known about the server.
	Abandoned
)

// Classify gives the class of an error of pgx; nil is Permanent.
func Classify(err error) Class {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return classOf(answer.Code)
	}
	if errors.Is(err, context.Canceled) {
		return Abandoned
	}
	// Before the deadline: an attempt to connect has one of its own.
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return Unavailable
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Abandoned
	}
	if brokenConnection(err) {
		return Unavailable
	}
	return Permanent
}

// classOf is the class of an answer's SQLSTATE.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
func classOf(code string) Class {
	switch code {
	case "57P01", // shut down by the administrator
		"57P02", // crashed
		"57P03", // starting, recovering or shutting down
		"53300", // too many connections
		"25006": // a standby after a failover
		return Unavailable
	}
	switch code[:min(2, len(code))] {
	case "08": // connection exceptions
		return Unavailable
	case "40", // serialization failure, deadlock
		"55": // an object in use, a lock not available
		return Conflict
	case "53", // out of memory or disk
		"57", // a statement took too long
		"58": // an error of the system below
		return Overloaded
	}
	return Permanent
}

func brokenConnection(err error) bool {
	for _, broken := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE,
	} {
		if errors.Is(err, broken) {
			return true
		}
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	// A pooled connection that died while idle is noticed before sending.
	return pgconn.SafeToRetry(err)
}

// IsUnavailable reports whether the class of err is Unavailable.
func IsUnavailable(err error) bool { return Classify(err) == Unavailable }

// IsDiskFull reports whether the server had no room for what it was to write.
func IsDiskFull(err error) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return ok && answer.Code == "53100"
}

// Failure is how the stores of this service report an error: what failed, and
// one of the errors that use cases tell apart. Nil stays nil.
//
//   - no row: query.ErrNotFound and nothing else. A store whose port wants
//     another answer for "not there" gives it before.
//   - Unavailable: query.ErrUnavailable. Callers repeat for as long as they like.
//   - Conflict: eventlog.ErrBusy. Callers repeat a few times.
//   - all others as they are. Overloaded is among them on purpose: somebody has
//     to look at the server, so it must not pass for an outage that ends by itself.
func Failure(what string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return query.ErrNotFound
	}
	switch Classify(err) {
	case Unavailable:
		return fmt.Errorf("%s: %w: %w", what, query.ErrUnavailable, err)
	case Conflict:
		return fmt.Errorf("%s: %w: %w", what, eventlog.ErrBusy, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}
