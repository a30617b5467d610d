package app

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
)

// loaded is a stream folded to a state.
type loaded[S any] struct {
	state    S
	revision eventlog.Revision // NoStream when there is nothing
	position eventlog.Position // of the last event, as far as the store tells
	ids      []uuid.UUID
}

// load reads and folds a stream.
func load[S any](ctx context.Context, log eventlog.Log, stream string, initial S, evolve func(S, domain.Event) S) (loaded[S], error) {
	l := loaded[S]{state: initial, revision: eventlog.NoStream}
	for r, err := range log.ReadStream(ctx, stream, 0) {
		if err != nil {
			return l, fmt.Errorf("load %s: %w", stream, err)
		}
		l.state = evolve(l.state, r.Event)
		l.revision, l.position = r.Revision, r.Position
		l.ids = append(l.ids, r.ID)
	}
	return l, nil
}

// write is one command being carried out: it makes the ids and the metadata of
// its events.
type write struct {
	command   Command
	actor     domain.Actor
	at        time.Time
	causation string // the event that caused it; empty: the command itself
}

func (a *App) write(caller access.Caller, c Command) write {
	if c.ID == uuid.Nil {
		c.ID = uuid.New()
	}
	return write{command: c, actor: caller.Actor, at: a.clock.Now().UTC()}
}

func (w write) today() calendar.Date { return calendar.DateOf(w.at) }

// derive makes an id that follows from the command.
func (w write) derive(name string) uuid.UUID { return uuid.NewSHA1(w.command.ID, []byte(name)) }

// id is that of the command's event number i on a stream.
func (w write) id(stream string, i int) uuid.UUID {
	return w.derive(stream + "#" + strconv.Itoa(i))
}

// events makes the events of the command on a stream. Their ids follow from the
// command, so a repeated append is the same append.
func (w write) events(stream string, events []domain.Event) []eventlog.NewEvent {
	made := make([]eventlog.NewEvent, len(events))
	for i, e := range events {
		made[i] = eventlog.NewEvent{ID: w.id(stream, i), Event: e, Metadata: w.metadata(e)}
	}
	return made
}

// once makes an event that must not be taken for one of an earlier attempt: a
// claim always appends, also when the command is repeated.
func (w write) once(e domain.Event) eventlog.NewEvent {
	return eventlog.NewEvent{ID: uuid.New(), Event: e, Metadata: w.metadata(e)}
}

func (w write) metadata(e domain.Event) eventlog.Metadata {
	correlation := w.command.ID.String()
	causation := w.causation
	if causation == "" {
		causation = correlation
	}
	return eventlog.Metadata{
		SchemaVersion: eventlog.Codec[e.EventType()].Version(),
		OccurredAt:    w.at,
		Actor:         w.actor,
		Reason:        w.command.Reason,
		CorrelationID: correlation,
		CausationID:   causation,
		Traceparent:   w.command.Traceparent,
	}
}

// How often and how long things are tried again.
const (
	conflictTries = 16               // of a command that others were faster than
	claimTries    = 40               // of a claim: one stream serves all of a reseller's devices
	appendTime    = 10 * time.Second // of an append whose outcome is unknown; less when the context ends before
)

// errAuditorWrites says that a use case has let an auditor through, who is to
// read only. It is a mistake here, and nothing was written.
var errAuditorWrites = errors.New("an auditor writes nothing")

// append appends, and repeats an append whose outcome is unknown with the same
// ids and expectation until the store answers or time is up.
func (a *App) append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	for _, e := range events {
		if e.Metadata.Actor.Kind == domain.ActorAuditor {
			return 0, eventlog.Position{}, fmt.Errorf("append to %s: %w", stream, errAuditorWrites)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, appendTime)
	defer cancel()
	for try := 0; ; try++ {
		revision, position, err := a.log.Append(ctx, stream, expected, events...)
		if !errors.Is(err, eventlog.ErrUnavailable) {
			if err != nil {
				err = fmt.Errorf("append to %s: %w", stream, err)
			}
			return revision, position, err
		}
		if pause(ctx, try) != nil {
			return 0, eventlog.Position{}, fmt.Errorf("append to %s: %w", stream, err)
		}
	}
}

// pause waits before another try, each time about twice as long, with jitter.
func pause(ctx context.Context, try int) error {
	limit := time.Millisecond << min(try, 7)
	t := time.NewTimer(limit/2 + rand.N(limit)) //nolint:gosec // jitter is no secret
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
