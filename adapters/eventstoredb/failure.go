package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// errNoAnswer: nothing came within the call timeout.
var errNoAnswer = errors.New("no answer in time")

// unreadableError marks an event that cannot be decoded.
type unreadableError struct{ error }

func (u unreadableError) Unwrap() error { return u.error }

// verdict is what a failure of the client means for the call it happened to.
type verdict int

const (
	refused  verdict = iota // the store said no; repeating changes nothing
	away                    // the node is gone, not leading, or without its log: repeat until the deadline
	doubtful                // unclear: repeat a few times
)

// classify reads the verdict off an error. The client's own codes lose several
// gRPC codes (they become 0), so the status inside is looked at first.
func classify(err error) verdict {
	switch {
	case errors.Is(err, errPanic), errors.Is(err, errClosed), errors.Is(err, errBusy), errors.Is(err, errNoAnswer):
		return refused
	case errors.Is(err, errMoved):
		return away
	}
	var u unreadableError
	if errors.As(err, &u) {
		return refused
	}
	var e *esdb.Error
	if errors.As(err, &e) {
		switch e.Code() {
		case esdb.ErrorCodeNotLeader:
			return away
		case esdb.ErrorCodeWrongExpectedVersion, esdb.ErrorCodeStreamDeleted, esdb.ErrorCodeResourceNotFound,
			esdb.ErrorCodeConnectionClosed, esdb.ErrorCodeParsing, esdb.ErrorCodeUnsupportedFeature:
			return refused
		}
	}
	switch grpcCode(err) {
	case codes.Unavailable, codes.Canceled, // Canceled without our doing: the connection was replaced
		codes.Aborted: // the node did not get an answer from its log in time
		return away
	case codes.DeadlineExceeded, codes.Internal, codes.Unknown:
		return doubtful
	default:
		return refused
	}
}

// grpcCode is the status code somewhere inside err, Unknown when there is none.
func grpcCode(err error) codes.Code {
	if s, ok := status.FromError(err); ok {
		return s.Code()
	}
	return codes.Unknown
}

// hasCode reports whether err holds the client's error of that code. (The
// client's FromError does not unwrap, and calls nil an error of no type.)
func hasCode(err error, code esdb.ErrorCode) bool {
	var e *esdb.Error
	return errors.As(err, &e) && e.Code() == code
}

// failed is the error the port promises for a failure that is not retried, or
// not any more.
func failed(ctx context.Context, op string, err error) error {
	switch {
	case hasCode(err, esdb.ErrorCodeWrongExpectedVersion):
		return fmt.Errorf("%s: %w: %w", op, eventlog.ErrConflict, err)
	case diskFull(err):
		return fmt.Errorf("%s: %w: %w", op, eventlog.ErrDiskFull, err)
	case hasCode(err, esdb.ErrorCodeStreamDeleted):
		return fmt.Errorf("%s: %w: %w", op, eventlog.ErrStreamDeleted, err)
	case ctx.Err() != nil, errors.Is(err, errClosed), errors.Is(err, errBusy), errors.Is(err, errNoAnswer),
		hasCode(err, esdb.ErrorCodeConnectionClosed), classify(err) == away, outcomeUnknown(err):
		return fmt.Errorf("%s: %w: %w", op, eventlog.ErrUnavailable, err)
	default:
		return fmt.Errorf("%s: %w", op, err)
	}
}

// outcomeUnknown tells doubtful failures of the way to the store from io.EOF
// while sending: with that the store ended the call before it had all of it,
// which it does to refuse what is too big.
func outcomeUnknown(err error) bool {
	return classify(err) == doubtful && !errors.Is(err, io.EOF)
}

// diskFull reports whether the embedded node has no room. Its status alone is also
// that of a message that is too large.
func diskFull(err error) bool {
	return grpcCode(err) == codes.ResourceExhausted && strings.Contains(err.Error(), "the disk is full")
}
