package eventnode

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Clients tell errors apart by the "exception" trailer, not by the status code.
const (
	trailerException = "exception"
	trailerStream    = "stream-name"
)

// errUnreadable answers a message that arrived empty, see frameCodec.
var errUnreadable = invalid("the message is empty or unreadable: is all text valid UTF-8?")

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

func setTrailer(ctx context.Context, exception string, pairs ...string) {
	md := metadata.Pairs(append([]string{trailerException, exception}, pairs...)...)
	for _, values := range md {
		values[0] = headerValue(values[0])
	}
	// It fails outside of a gRPC call only, then nobody would see the trailer.
	_ = grpc.SetTrailer(ctx, md)
}

// headerValue makes any text fit for a header: what is not printable ASCII is
// percent-encoded.
func headerValue(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return url.PathEscape(s)
	}
	return s
}

func errStreamDeleted(ctx context.Context, stream string) error {
	setTrailer(ctx, "stream-deleted", trailerStream, stream)
	return status.Errorf(codes.FailedPrecondition, "Event stream '%s' is deleted.", stream)
}

func errWrongRevision(ctx context.Context, what, stream string, expected, actual int64) error {
	setTrailer(ctx, "wrong-expected-version", trailerStream, stream,
		"expected-version", strconv.FormatInt(expected, 10), "actual-version", strconv.FormatInt(actual, 10))
	return status.Errorf(codes.FailedPrecondition,
		"%s failed due to WrongExpectedVersion. Stream: %s, Expected version: %d, Actual version: %d", what, stream, expected, actual)
}

// errTooLarge is an append beyond the limit, in bytes.
type errTooLarge int

func (e errTooLarge) Error() string {
	return fmt.Sprintf("Maximum Append Size of %d Exceeded.", int(e))
}

// errMissingMetadata names a metadata key every event must have.
type errMissingMetadata string

func (e errMissingMetadata) Error() string {
	return fmt.Sprintf("Required Metadata Property '%s' is missing", string(e))
}

// badRequest turns an error about the content of a request into a status.
func badRequest(ctx context.Context, err error) error {
	var tooLarge errTooLarge
	var missing errMissingMetadata
	switch {
	case errors.As(err, &tooLarge):
		setTrailer(ctx, "maximum-append-size-exceeded", "maximum-append-size", strconv.Itoa(int(tooLarge)))
	case errors.As(err, &missing):
		setTrailer(ctx, "missing-required-metadata-property",
			"required-metadata-properties", metaType+","+metaContentType)
	}
	return invalid("%s", err)
}

// failed turns an error of the log into a status. Unavailable is for a node that
// ends: clients let go of their connection then and look for another node. Where only
// PostgreSQL is away that would be a new connection per call, to the same node, so
// the answer is that of the real server to an operation that got no answer in time.
func failed(err error) error {
	switch {
	case errors.Is(err, errDiskFull):
		return status.Error(codes.ResourceExhausted, errDiskFull.Error())
	case errors.Is(err, errStopping), errors.Is(err, ErrFenced), errors.Is(err, ErrSetBack):
		return status.Error(codes.Unavailable, err.Error())
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Canceled, "the call was cancelled")
	case errors.Is(err, context.DeadlineExceeded):
		return status.Error(codes.DeadlineExceeded, "the deadline has passed")
	case errors.Is(err, errRefusedData):
		return status.Error(codes.InvalidArgument, err.Error())
	default:
		return status.Error(codes.Aborted, err.Error())
	}
}
