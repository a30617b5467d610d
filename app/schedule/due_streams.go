package schedule

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
)

// duePage is how many things are asked for at once.
const duePage = 1000

// dueStreams is work on the streams of one aggregate: the read model says which
// may be due, their streams decide. Ids of events follow from what they are about,
// and what is due on a stream is one append at the revision that was decided on,
// so there is no step to die between.
type dueStreams[S any] struct {
	name      string // that of the actor in the events, too
	due       query.DueQuery
	aggregate aggregate.Aggregate[S]
	decide    func(s S, at time.Time) ([]domain.Event, error)
	// command is what an event's id and correlation follow from.
	command func(stream string, decidedAt eventlog.Revision, e domain.Event) uuid.UUID
}

func (d dueStreams[S]) called() string { return d.name }

func (d dueStreams[S]) next(ctx context.Context, s *Service, p eventlog.Position) (time.Time, error) {
	q := d.due
	q.MinPosition = p
	return s.firstDue(ctx, q)
}

// run goes through everything that is due. What cannot be done on one stream does
// not keep the others back.
func (d dueStreams[S]) run(ctx context.Context, s *Service, at time.Time, p eventlog.Position) (eventlog.Position, error) {
	run := dueRun[S]{dueStreams: d, executor: s.executor, instant: at}
	q := d.due
	q.MinPosition, q.Upto, q.Limit = p, at, duePage
	for {
		rows, err := s.reader.Due(ctx, q)
		if err != nil {
			return run.reached, err
		}
		if err := run.page(ctx, rows); err != nil {
			return run.reached, err
		}
		if len(rows) < q.Limit {
			return run.reached, errors.Join(run.failed...)
		}
		q.After = rows[len(rows)-1]
	}
}

// dueRun is one pass over everything that is due.
type dueRun[S any] struct {
	dueStreams[S]
	executor *command.Executor
	instant  time.Time

	mu      sync.Mutex
	reached eventlog.Position
	failed  []error // on single streams
}

func (r *dueRun[S]) page(ctx context.Context, rows []query.DueRow) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(command.Workers)
	for _, row := range rows {
		g.Go(func() error {
			p, err := r.stream(ctx, row.UID)
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.reached.Before(p) {
				r.reached = p
			}
			if errors.Is(err, eventlog.ErrUnavailable) || errors.Is(err, eventlog.ErrDiskFull) || ctx.Err() != nil {
				return err // the others would fail as well
			}
			if err != nil {
				r.failed = append(r.failed, fmt.Errorf("%s: %w", r.aggregate.Stream(row.UID), err))
			}
			return nil
		})
	}
	return g.Wait()
}

// stream does what is due on one stream, if anything is by the stream.
// eventlog.ErrBusy: a batch holds it, or others were faster each time.
func (r *dueRun[S]) stream(ctx context.Context, uid uuid.UUID) (reached eventlog.Position, err error) {
	err = command.Retry(ctx, r.name, func() error {
		l, err := eventlog.Load(ctx, r.executor.Log, r.aggregate, uid)
		if err != nil {
			return err
		}
		reached = l.Position
		events, err := r.decide(l.State, r.instant)
		if err != nil {
			return errors.Join(eventlog.ErrBusy, err)
		}
		if len(events) == 0 {
			return nil
		}
		stream := r.aggregate.Stream(uid)
		made := eventlog.NotBefore(l.Latest(), r.events(stream, l.Revision, events)...)
		_, appended, err := r.executor.Append(ctx, stream, l.Revision, made...)
		if err == nil {
			reached = appended
		}
		return err
	})
	return reached, err
}

// events gives each event the id and the metadata of a command of its own.
func (r *dueRun[S]) events(stream string, decidedAt eventlog.Revision, events []domain.Event) []eventlog.NewEvent {
	made := make([]eventlog.NewEvent, 0, len(events))
	for _, e := range events {
		env := r.executor.Begin(command.System(r.name), command.Command{ID: r.command(stream, decidedAt, e)})
		made = append(made, env.Events(stream, []domain.Event{e})...)
	}
	return made
}

// dueSpace makes the ids of placeInStream.
var dueSpace = uuid.MustParse("5a0c9f5e-8f0b-5b0e-9d5c-6c1b0f4c2a77")

// placeInStream names the command of an event after its place in the stream, where
// others append the same event or nothing.
func placeInStream(stream string, decidedAt eventlog.Revision, e domain.Event) uuid.UUID {
	return uuid.NewSHA1(dueSpace, []byte(e.EventType()+"\n"+stream+"\n"+strconv.FormatInt(int64(decidedAt), 10)))
}
