package api

import (
	"strconv"
	"time"

	"github.com/fleetledger/fleetledger/api/openapi"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// handlers is the generated interface over a Server's parts.
type handlers struct{ *Server }

// present is nil for the zero value: "not there" on the wire.
func present[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func valueOf[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// list is never nil: an empty list is [] on the wire.
func list[T, U any](from []T, convert func(T) U) []U {
	to := make([]U, len(from))
	for i, v := range from {
		to[i] = convert(v)
	}
	return to
}

func same[T ~string](v T) string { return string(v) }

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func etag(r eventlog.Revision) string { return `"` + strconv.FormatInt(int64(r), 10) + `"` }

func writtenResponse(w command.Receipt) openapi.WrittenJSONResponse {
	return openapi.WrittenJSONResponse{
		Body:    writtenBody(w),
		Headers: openapi.WrittenResponseHeaders{ETag: etag(w.Revision), XPosition: w.Position.String()},
	}
}

// writtenBody is the body of an answer to a write.
func writtenBody(w command.Receipt) openapi.Written {
	return openapi.Written{Uid: w.UID, Revision: int64(w.Revision)}
}
