package projections

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
)

// What becomes of an event that fails is told at Runner.

// errUnreadable: the log goes on with something that this program cannot read.
var errUnreadable = errors.New("the subscription ended at an event that cannot be read")

// unreadable is why a subscription ended by itself behind a position.
func unreadable(sub message.Subscriber, p eventlog.Position) error {
	if s, ok := sub.(interface{ Err() error }); ok && s.Err() != nil {
		return fmt.Errorf("%w: %w", errUnreadable, s.Err())
	}
	return fmt.Errorf("%w, after position %s", errUnreadable, p)
}

// poisonError names the event that could not be applied.
type poisonError struct {
	event eventlog.Recorded
	err   error
}

func (p *poisonError) Error() string {
	return fmt.Sprintf("event %s (%s, position %s, stream %s revision %d): %v",
		p.event.ID, p.event.Event.EventType(), p.event.Position, p.event.Stream, p.event.Revision, p.err)
}

func (p *poisonError) Unwrap() error { return p.err }

// stops reports whether the reason why a session ended is an event.
func stops(err error) bool {
	_, poison := errors.AsType[*poisonError](err)
	return poison || errors.Is(err, errUnreadable)
}

// stopped says so for everyone and waits until there is reason to try again.
func (r *Runner) stopped(ctx context.Context, f *follower, reason error) {
	f.note(Stopped, reason)
	again, cancel := context.WithTimeout(ctx, r.StoppedRetry)
	defer cancel()
	for marked := false; again.Err() == nil; pause(again, r.LeasePoll) {
		if !marked {
			err := markStopped(again, f.pool, f.name, f.version, f.reached(), reason.Error())
			marked = err == nil
			continue
		}
		if c, err := loadCheckpoint(again, f.pool, f.name, f.version); err == nil && c.state != Stopped {
			return
		}
	}
}

// retry tries again what may pass, without end: the session's end is its end.
// No hooks: they advance the backoff a second time.
func retry() message.HandlerMiddleware {
	return middleware.Retry{
		MaxRetries:          1 << 30,
		InitialInterval:     20 * time.Millisecond,
		MaxInterval:         500 * time.Millisecond,
		Multiplier:          2,
		RandomizationFactor: 0.5,
		ResetContextOnRetry: true,
	}.Middleware
}

// narrowDown applies a batch that failed for good once more, event by event, and
// ends the session at the one that is to blame.
func narrowDown(end context.CancelCauseFunc) message.HandlerMiddleware {
	return func(h message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			out, err := h(msg)
			if err == nil || mayPass(err) {
				return out, err
			}
			if batch, ok := eventlog.BatchFrom(msg.Context()); ok && !checkpointMoved(err) {
				err = oneByOne(h, msg, batch)
			}
			if err != nil && !mayPass(err) {
				end(err)
			}
			return nil, err
		}
	}
}

// oneByOne handles each event of the message's batch alone.
func oneByOne(h message.HandlerFunc, msg *message.Message, batch eventlog.Batch) error {
	ctx := msg.Context()
	defer msg.SetContext(ctx) // whoever handles the message again handles all of it
	for _, one := range singles(batch) {
		msg.SetContext(eventlog.ContextWithBatch(ctx, one))
		_, err := h(msg)
		switch {
		case err == nil:
		case len(one.Events) == 1 && !mayPass(err) && !checkpointMoved(err):
			return &poisonError{event: one.Events[0], err: err}
		default:
			return err
		}
	}
	return nil
}

// mayPass reports whether the same batch may succeed another time.
func mayPass(err error) bool {
	_, early := errors.AsType[notBefore](err)
	return early || transient(err)
}

// checkpointMoved reports whether the checkpoint is not what the session began
// with: it has to begin again.
func checkpointMoved(err error) bool {
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

// transientClasses are the answers of PostgreSQL after which the same
// transaction may succeed unchanged, though the database can be reached.
var transientClasses = []string{
	"25", // a standby after a failover
	"40", // rolled back: serialization, deadlock
	"55", // lock not available
	"58", // errors of the system below
}

// transient reports whether trying again later may help without anybody's
// doing. What is not known to pass counts as permanent: it stops the
// projector, which is seen, where endless retries are not.
func transient(err error) bool {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return Unreachable(err) || slices.Contains(transientClasses, answer.Code[:2])
	}
	for _, known := range []error{
		context.Canceled, context.DeadlineExceeded, errConnectionLost,
		eventlog.ErrUnavailable, eventlog.ErrDiskFull, eventlog.ErrConflict, query.ErrNotCaughtUp, query.ErrUnavailable,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	return Unreachable(err)
}

// NotMade reports whether the schema or the tables of a projection are not made yet.
func NotMade(err error) bool {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (answer.Code == "3F000" || answer.Code == "42P01")
}

// Unreachable reports whether the database cannot be reached, or has no time or
// room to answer.
func Unreachable(err error) bool {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch answer.Code[:2] {
		case "08", // connection exceptions
			"53", // out of memory, disk or connections
			"57": // shut down, starting, cancelled by a timeout
			return true
		}
		return false
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err)
}

// errConnectionLost marks failures after which the transaction's connection
// was found closed, whatever the error itself says.
var errConnectionLost = errors.New("the database connection was lost")
