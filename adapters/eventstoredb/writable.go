package eventstoredb

import (
	"context"
	"errors"
	"math"
	"sync"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// appends remembers how the latest appends went.
type appends struct {
	mu      sync.Mutex
	failure error // of the last one; nil when it went well or the store refused it
}

// note takes the outcome of an append. What the caller gave up says nothing.
func (a *appends) note(ctx context.Context, err error) (failed bool) {
	failed = errors.Is(err, eventlog.ErrUnavailable) || errors.Is(err, eventlog.ErrDiskFull)
	if failed && errors.Is(ctx.Err(), context.Canceled) {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failure = nil; failed {
		a.failure = err
	}
	return failed
}

func (a *appends) last() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failure
}

// A probe expects a revision that no stream ever has, so that a store that takes
// appends refuses it and nothing is written.
const (
	probeStream   = "fleetledger-probe"
	probeRevision = math.MaxInt64 - 1
)

// Writable tells whether the store takes appends. It asks only when the last
// append failed.
func (s *Store) Writable(ctx context.Context) error {
	if s.appends.last() == nil {
		return nil
	}
	_, _, err := s.append(ctx, probeStream, probeRevision, []esdb.EventData{{
		EventID: uuid.New(), EventType: "probe", ContentType: esdb.ContentTypeJson, Data: []byte("{}"),
	}})
	if errors.Is(err, eventlog.ErrConflict) {
		err = nil
	}
	s.appends.note(ctx, err)
	return err
}
