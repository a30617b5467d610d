package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

var (
	errClosed = errors.New("the store is closed")
	errBusy   = errors.New("too many calls hang in the event store's client")
)

// A guard keeps callers apart from the client, which ignores their contexts
// while it looks for a node and panics when it is closed under a call. Every
// use of the client runs on a goroutine of its own that the caller can walk
// away from. Such a goroutine is parked: it ends when the node is back, with a
// context that is over, so it does nothing then. There are never more than
// cap(slots) goroutines inside the client.
type guard struct {
	slots    chan struct{}
	patience time.Duration // how long a call waits for a slot
	parked   atomic.Int64
	base     context.Context // ends with Close, and every call with it
	cancel   context.CancelFunc
	idle     chan struct{} // closed when drain has found the client idle
}

func newGuard(size int, patience time.Duration) *guard {
	g := &guard{slots: make(chan struct{}, size), patience: patience, idle: make(chan struct{})}
	g.base, g.cancel = context.WithCancel(context.Background())
	return g
}

// parkedPatience is how long a call waits for a slot when all are parked: only
// what was left a moment ago can still end by itself then.
const parkedPatience = 20 * time.Millisecond

// enter takes a slot, waiting for one if need be, but hardly when all are
// parked: the node is away then, and waiting would only add to the crowd.
func (g *guard) enter(ctx context.Context) error {
	if g.base.Err() != nil {
		return errClosed
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	patience := g.patience
	if g.parked.Load() >= int64(cap(g.slots)) {
		patience = min(patience, parkedPatience)
	}
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-t.C:
		return errBusy
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-g.base.Done():
		return errClosed
	}
}

// join is ctx, ended by Close as well.
func (g *guard) join(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(g.base, func() { cancel(errClosed) })
	return ctx, func() { stop(); cancel(context.Canceled) }
}

// drain refuses new calls, ends those under way, and reports whether the
// client was idle within the patience. When it was not, some calls can only be
// ended by the node's return. Either way whenIdle runs when it is, once. drain
// must not be called twice.
func (g *guard) drain(patience time.Duration, whenIdle func()) bool {
	g.cancel()
	go func() {
		for range cap(g.slots) {
			g.slots <- struct{}{}
		}
		whenIdle()
		close(g.idle)
	}()
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case <-g.idle:
		return true
	case <-t.C:
		return false
	}
}

// stay is the life of one goroutine inside the client. Whether it is parked
// depends on which of the two ends first, the goroutine or its caller.
type stay struct {
	guard *guard
	over  atomic.Bool
}

// abandon is the caller's word that it leaves; false when the goroutine has
// ended already.
func (s *stay) abandon() bool {
	if s.over.CompareAndSwap(false, true) {
		s.guard.parked.Add(1)
		return true
	}
	return false
}

// end is the goroutine's last word.
func (s *stay) end() {
	if !s.over.CompareAndSwap(false, true) {
		s.guard.parked.Add(-1)
	}
	<-s.guard.slots
}

// call runs f in the guard and returns when f does or ctx ends, whichever is
// first.
func call[T any](ctx context.Context, g *guard, f func(context.Context) (T, error)) (T, error) {
	var zero T
	if err := g.enter(ctx); err != nil {
		return zero, err
	}
	ctx, cancel := g.join(ctx)
	defer cancel()
	s := &stay{guard: g}
	var (
		value T
		err   error
		done  = make(chan struct{})
	)
	go func() {
		defer close(done)
		defer s.end() // first, so that whoever has the answer never counts it as parked
		err = recovered(func() (err error) { value, err = f(ctx); return err })
	}()
	select {
	case <-done:
	case <-ctx.Done():
		if s.abandon() {
			return zero, context.Cause(ctx)
		}
		<-done
	}
	return value, err
}

// errPanic marks what recovered turned into an error.
var errPanic = errors.New("the event store's client panicked")

func recovered(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
		}
	}()
	return f()
}
