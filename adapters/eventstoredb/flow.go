package eventstoredb

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// A flow is a read or a subscription that runs in the guard and hands over
// what it receives. Whoever starts one must stop it.
type flow[T any] struct {
	items  chan T
	err    error // why it ended, nil for its natural end; to be read once items is closed
	cancel context.CancelFunc
	stay   stay
}

// source is an open read or subscription: receive blocks for the next item and
// gives io.EOF at the natural end, close frees it.
type source[T any] struct {
	receive func() (T, error)
	close   func()
	over    <-chan struct{} // closed when the source should be left; nil when it never is
}

// newFlow opens a source and receives from it, up to ahead items before they
// are wanted.
func newFlow[T any](ctx context.Context, g *guard, ahead int, open func(context.Context) (source[T], error)) (*flow[T], error) {
	if err := g.enter(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := g.join(ctx)
	f := &flow[T]{items: make(chan T, ahead), cancel: cancel}
	f.stay.guard = g
	go func() {
		defer close(f.items)
		defer f.stay.end() // first, so that whoever has seen the end never counts it as parked
		f.err = recovered(func() error { return f.run(ctx, open) })
	}()
	return f, nil
}

func (f *flow[T]) run(ctx context.Context, open func(context.Context) (source[T], error)) error {
	src, err := open(ctx)
	if err != nil {
		return err
	}
	defer src.close() // a source that is not closed leaks, also after its end
	for {
		item, err := src.receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		select {
		case f.items <- item:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-src.over:
			return errMoved
		}
	}
}

// openFlow is newFlow with a client, which the flow stays inside until it ends, or for
// a while after the client is given up.
func openFlow[T any](ctx context.Context, s *Store, ahead int, open func(context.Context, *esdb.Client) (source[T], error)) (*flow[T], error) {
	return newFlow(ctx, s.guard, ahead, func(ctx context.Context) (source[T], error) {
		ctx, cancel := context.WithCancelCause(ctx)
		v, err := s.clients.enter(ctx)
		if err != nil {
			cancel(err)
			return source[T]{}, err
		}
		unlink := context.AfterFunc(v.conn.over, func() { cancel(errMoved) })
		leave := func() { unlink(); cancel(nil); v.leave() }
		opened := false
		defer func() {
			if !opened {
				leave()
			}
		}()
		src, err := open(v, v.conn.client)
		if err != nil {
			v.check(err)
			return source[T]{}, err
		}
		opened = true
		left := src.close
		src.close = func() { defer leave(); left() }
		src.over = v.conn.over.Done()
		return src, nil
	})
}

// next waits for an item, at most for patience. ok is false at the end.
func (f *flow[T]) next(ctx context.Context, patience *time.Timer, limit time.Duration) (item T, ok bool, err error) {
	select { // no timer for what is there already
	case item, ok = <-f.items:
		return item, ok, f.ended(ok)
	default:
	}
	patience.Reset(limit)
	defer patience.Stop()
	select {
	case item, ok = <-f.items:
		return item, ok, f.ended(ok)
	case <-ctx.Done():
		return item, false, context.Cause(ctx)
	case <-patience.C:
		return item, false, errNoAnswer
	}
}

func (f *flow[T]) ended(ok bool) error {
	if ok {
		return nil
	}
	return f.err
}

// stop ends the flow without waiting for it.
func (f *flow[T]) stop() {
	f.cancel()
	f.stay.abandon()
}
