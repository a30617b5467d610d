package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// unavailableCodes are answers of a server that is there but cannot serve now.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
var unavailableCodes = map[string]bool{
	"57P01": true, // shut down by the administrator
	"57P02": true, // crashed
	"57P03": true, // starting, recovering or shutting down
	"53300": true, // too many connections
	"25006": true, // a standby after a failover
}

// IsUnavailable reports whether err means that the database cannot be reached
// or cannot serve now, so that the same call may succeed later unchanged. It
// does not say whether a write that was under way has happened.
func IsUnavailable(err error) bool {
	if err == nil {
		return false
	}
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return unavailableCodes[answer.Code] || strings.HasPrefix(answer.Code, "08")
	}
	// Our own caller gave up: nothing is known about the server.
	if errors.Is(err, context.Canceled) {
		return false
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	return brokenConnection(err)
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
