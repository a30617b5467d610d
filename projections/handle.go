package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// The way of a message, from the outside in: untilEnd, measure, retry, within,
// whenDue, onePoison, watermill's Recoverer, consume.

// consume is the handler proper.
func (f *follower) consume(msg *message.Message) error {
	batch, ok := eventlog.BatchFrom(msg.Context())
	if !ok {
		return fmt.Errorf("%s: the message carries no batch", f.name)
	}
	return f.apply(msg.Context(), batch)
}

// retry tries again what may pass, without end: the session's end is its end.
// No hooks: they advance the backoff a second time.
func retry() message.HandlerMiddleware {
	return middleware.Retry{
		MaxRetries:          1 << 30,
		InitialInterval:     20 * time.Millisecond,
		MaxInterval:         3 * time.Second,
		Multiplier:          2,
		RandomizationFactor: 0.5,
		ResetContextOnRetry: true,
	}.Middleware
}

// within gives messages a context that outlives the session by the grace: the
// batch under way is finished, nothing new is begun.
func within(session context.Context, grace time.Duration) message.HandlerMiddleware {
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
func whenDue(session context.Context) message.HandlerMiddleware {
	return func(h message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			for {
				out, err := h(msg)
				early, ok := errors.AsType[notBefore](err)
				if !ok {
					return out, err
				}
				pause(session, min(max(time.Until(early.NotBefore()), time.Millisecond), recheck))
				if session.Err() != nil {
					return nil, context.Cause(session)
				}
			}
		}
	}
}

// onePoison applies a batch that failed for good once more, event by event, and
// ends the session at the one that is to blame.
func onePoison(end context.CancelCauseFunc) message.HandlerMiddleware {
	return func(h message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			out, err := h(msg)
			if passes(err) {
				return out, err
			}
			if moved(err) {
				end(err)
				return nil, err
			}
			ctx := msg.Context()
			batch, ok := eventlog.BatchFrom(ctx)
			if !ok {
				end(err)
				return nil, err
			}
			defer msg.SetContext(ctx) // who handles the message again handles all of it
			for _, one := range singles(batch) {
				msg.SetContext(eventlog.ContextWithBatch(ctx, one))
				if _, err := h(msg); err != nil {
					if passes(err) {
						return nil, err
					}
					if len(one.Events) == 1 && !moved(err) {
						err = &poisonError{event: one.Events[0], err: err}
					}
					end(err)
					return nil, err
				}
			}
			return nil, nil
		}
	}
}

// passes reports whether an error is none of poison's business.
func passes(err error) bool {
	if _, early := errors.AsType[notBefore](err); early {
		return true
	}
	return err == nil || transient(err)
}

// moved reports whether the checkpoint is not what the session began with: it
// has to begin again.
func moved(err error) bool {
	return errors.Is(err, errReload) || errors.Is(err, errNoCheckpoint) || errors.Is(err, ErrForeignCheckpoint)
}

// singles cuts a batch into one per event, and one for the way beyond the last.
func singles(b eventlog.Batch) []eventlog.Batch {
	cut := make([]eventlog.Batch, 0, len(b.Events)+1)
	for _, e := range b.Events {
		cut = append(cut, eventlog.Batch{Events: []eventlog.Recorded{e}, Upto: e.Position})
	}
	return append(cut, eventlog.Batch{Upto: b.Upto, CaughtUp: b.CaughtUp})
}
