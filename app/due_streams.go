package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
)

// dueStreams is due work on streams of one kind: the read model says which may
// be due, their streams decide. Ids of events follow from what they are about,
// and what is due on a stream is one append at the revision that was decided
// on, so there is no step to die between.
type dueStreams[S any] struct {
	app    *App
	name   string // that of the actor in the events, too
	query  query.DueQuery
	stream func(uuid.UUID) string
	begin  func(uuid.UUID) S // the state before the first event; nil: nothing
	evolve func(S, domain.Event) S
	decide func(s S, at time.Time) ([]domain.Event, []domain.Problem)
	// command is what an event's id and correlation follow from; nil: from the
	// place in the stream, where others append the same event or nothing.
	command func(stream string, decidedAt eventlog.Revision, e domain.Event) uuid.UUID
}

// Name implements DueWork.
func (d dueStreams[S]) Name() string { return d.name }

// NextDue implements DueWork.
func (d dueStreams[S]) NextDue(ctx context.Context, p eventlog.Position) (time.Time, error) {
	q := d.query
	q.MinPosition, q.Limit = p, 1
	rows, err := d.app.reader.Due(ctx, q)
	if err != nil || len(rows) == 0 {
		return time.Time{}, err
	}
	return rows[0].At, nil
}

// duePage is how many things are asked for at once.
const duePage = 1000

// RunDue implements DueWork. What cannot be done on one stream does not keep the
// others back.
func (d dueStreams[S]) RunDue(ctx context.Context, at time.Time, p eventlog.Position) (eventlog.Position, error) {
	run := dueRun[S]{dueStreams: d, at: at}
	q := d.query
	q.MinPosition, q.Upto, q.Limit = p, at, duePage
	for {
		rows, err := d.app.reader.Due(ctx, q)
		if err != nil {
			return run.reached, err
		}
		if err := run.all(ctx, rows); err != nil {
			return run.reached, err
		}
		if len(rows) < q.Limit {
			return run.reached, errors.Join(run.trouble...)
		}
		q.After = rows[len(rows)-1]
	}
}

// dueRun is one look at everything that is due.
type dueRun[S any] struct {
	dueStreams[S]
	at time.Time

	mu      sync.Mutex
	reached eventlog.Position
	trouble []error // of single streams
}

func (r *dueRun[S]) all(ctx context.Context, rows []query.DueRow) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, row := range rows {
		g.Go(func() error {
			p, err := r.one(ctx, row.UID)
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.reached.Before(p) {
				r.reached = p
			}
			if errors.Is(err, eventlog.ErrUnavailable) || ctx.Err() != nil {
				return err // the others would fare no better
			}
			if err != nil {
				r.trouble = append(r.trouble, fmt.Errorf("%s: %w", r.stream(row.UID), err))
			}
			return nil
		})
	}
	return g.Wait()
}

// one does what is due on one stream, if anything is by the stream. ErrBusy: a
// batch holds it, or others were faster each time.
func (r *dueRun[S]) one(ctx context.Context, uid uuid.UUID) (eventlog.Position, error) {
	stream := r.stream(uid)
	var initial S
	if r.begin != nil {
		initial = r.begin(uid)
	}
	for try := range conflictTries {
		l, err := load(ctx, r.app.log, stream, initial, r.evolve)
		if err != nil {
			return eventlog.Position{}, err
		}
		events, problems := r.decide(l.state, r.at)
		if len(problems) > 0 {
			return l.position, errors.Join(eventlog.ErrBusy, domain.Refuse(problems...))
		}
		if len(events) == 0 {
			return l.position, nil
		}
		_, position, err := r.app.append(ctx, stream, l.revision, r.events(stream, l.revision, events)...)
		if !errors.Is(err, eventlog.ErrConflict) {
			return position, err
		}
		if err := pause(ctx, try); err != nil {
			return eventlog.Position{}, err
		}
	}
	return eventlog.Position{}, eventlog.ErrBusy
}

// events gives each event the id and the metadata of a command of its own.
func (r *dueRun[S]) events(stream string, decidedAt eventlog.Revision, events []domain.Event) []eventlog.NewEvent {
	command := r.command
	if command == nil {
		command = commandAt
	}
	system := access.Caller{Actor: domain.Actor{Kind: domain.ActorSystem, ID: r.name}}
	made := make([]eventlog.NewEvent, 0, len(events))
	for _, e := range events {
		w := r.app.write(system, Command{ID: command(stream, decidedAt, e)})
		made = append(made, w.events(stream, []domain.Event{e})...)
	}
	return made
}

// dueSpace makes the ids of commandAt.
var dueSpace = uuid.MustParse("5a0c9f5e-8f0b-5b0e-9d5c-6c1b0f4c2a77")

func commandAt(stream string, decidedAt eventlog.Revision, e domain.Event) uuid.UUID {
	return uuid.NewSHA1(dueSpace, []byte(e.EventType()+"\n"+stream+"\n"+strconv.FormatInt(int64(decidedAt), 10)))
}
