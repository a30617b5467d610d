package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// The way of a message, from the outside in: untilEnd, measure, retry, withGrace,
// whenDue, narrowDown, watermill's Recoverer, consume.

// consume is the handler proper.
func (f *follower) consume(msg *message.Message) error {
	batch, ok := eventlog.BatchFrom(msg.Context())
	if !ok {
		return fmt.Errorf("%s: the message carries no batch", f.name)
	}
	if f.tracer != nil && len(batch.Events) > 0 {
		return f.traced(msg.Context(), batch)
	}
	return f.apply(msg.Context(), batch)
}

// withGrace gives messages a context that outlives the session by the grace: the
// batch under way is finished, nothing new is begun.
func withGrace(session context.Context, grace time.Duration) message.HandlerMiddleware {
	return func(h message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			if session.Err() != nil {
				return nil, context.Cause(session)
			}
			original := msg.Context()
			defer msg.SetContext(original)
			work, cancel := context.WithCancelCause(context.WithoutCancel(original))
			defer cancel(nil)
			stop := context.AfterFunc(session, func() {
				t := time.AfterFunc(grace, func() { cancel(context.Cause(session)) })
				context.AfterFunc(work, func() { t.Stop() })
			})
			defer stop()
			msg.SetContext(work)
			return h(msg)
		}
	}
}

// untilEnd stops retries once the session has ended: what is tried again is a
// batch not begun.
func untilEnd(session context.Context) message.HandlerMiddleware {
	return func(h message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			ctx, cancel := context.WithCancelCause(msg.Context())
			defer cancel(nil)
			stop := context.AfterFunc(session, func() { cancel(context.Cause(session)) })
			defer stop()
			msg.SetContext(ctx)
			return h(msg)
		}
	}
}

// notBefore is what an error says that asks to come again later.
type notBefore interface {
	error
	NotBefore() time.Time
}

// recheck bounds a wait for a given time: the clock that the handler goes by
// may be moved.
const recheck = time.Second

// whenDue lets a batch come again when the handler says it is too early for it.
func (f *follower) whenDue(session context.Context) message.HandlerMiddleware {
	return func(h message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			for {
				out, err := h(msg)
				early, ok := errors.AsType[notBefore](err)
				if !ok {
					return out, err
				}
				f.noteEarly(true)
				pause(session, min(max(time.Until(early.NotBefore()), time.Millisecond), recheck))
				f.noteEarly(false)
				if session.Err() != nil {
					return nil, context.Cause(session)
				}
			}
		}
	}
}

func (f *follower) noteEarly(early bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.early = early
}
