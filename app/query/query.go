package query

import (
	"errors"
	"time"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Errors of the read side.
var (
	// ErrNotFound: not there, or not to be seen by this caller; the same answer for both.
	ErrNotFound = errors.New("not found")
	// ErrNotCaughtUp: the read model did not reach the wanted position in time.
	ErrNotCaughtUp = errors.New("read model has not reached the position yet")
	// ErrUnavailable: the database does not answer.
	ErrUnavailable = errors.New("the database does not answer")
	// ErrBadCursor: the cursor is not one of ours, or was made for another sort order.
	ErrBadCursor = errors.New("cursor does not fit this list")
)

// Freshness says which state of a read model is wanted. MinPosition waits
// until it was applied; AsOf, when not zero, asks for the state at that instant
// of the service's own time (see eventlog.Times): a past one or, with Forecast,
// one to come. A forecast is the present state as it will be then when nothing
// but time happens.
type Freshness struct {
	MinPosition eventlog.Position
	AsOf        time.Time
	Forecast    bool
}

// Past is the instant whose state is wanted, zero for the present one: a forecast
// is made of the present state, too.
func (f Freshness) Past() time.Time {
	if f.Forecast {
		return time.Time{}
	}
	return f.AsOf
}

// Ahead is the instant to come that a forecast is for, zero for none.
func (f Freshness) Ahead() time.Time {
	if f.Forecast {
		return f.AsOf
	}
	return time.Time{}
}

// Instant is the one that an answer is about: what has expired or falls into a
// window is told as of then.
func (f Freshness) Instant(clock eventlog.Clock) time.Time {
	if f.AsOf.IsZero() {
		return clock.Now()
	}
	return f.AsOf
}

// Page says which part of a list is wanted. Sort keys are field names, with a
// leading minus for descending; the reader refuses unknown ones.
type Page struct {
	Limit  int // 1..1000
	Cursor string
	Sort   []string
}

// List is one page.
type List[T any] struct {
	Items      []T
	NextCursor string // empty: the last page
	Total      int
	Position   eventlog.Position // how far the read model was
}
