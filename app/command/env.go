package command

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// Executor is what carrying out commands needs. There is one in a service; it is
// safe for concurrent use.
type Executor struct {
	Log    eventlog.Log
	Clock  eventlog.Clock
	Limits reservation.Limits
	Logger *slog.Logger

	streams streamLock
}

// Env is one command being carried out: it makes the ids and the metadata of its
// events.
type Env struct {
	*Executor
	Command Command
	Actor   domain.Actor
	At      time.Time // when the command was begun

	allowed   func(ctx context.Context, look bool) error // nil: it is
	causation string                                     // the event that caused it; empty: the command itself
	step      string                                     // tells the events of its steps on one stream apart
}

// Begin begins a command. One without an id gets one.
func (x *Executor) Begin(actor domain.Actor, c Command) Env {
	if c.ID == uuid.Nil {
		c.ID = uuid.New()
	}
	return Env{Executor: x, Command: c, Actor: actor, At: x.Clock.Now().UTC()}
}

// Because begins what one of the service's own parts does on account of an
// event. It belongs to the command that the event came from.
func (x *Executor) Because(part string, e eventlog.Recorded) Env {
	id, err := uuid.Parse(e.Metadata.CorrelationID)
	if err != nil {
		id = e.ID
	}
	env := x.Begin(System(part), Command{ID: id, Traceparent: e.Metadata.Traceparent})
	env.causation = e.ID.String()
	return env
}

// Provided is the command with what is asked of others when nothing else stands against
// it, just before its first append: an error ends it, and nothing was appended. A dry run
// only looks. A command that is tried again asks again.
func (env Env) Provided(allowed func(ctx context.Context, look bool) error) Env {
	env.allowed = allowed
	return env
}

// notAllowed is an error of what Provided asks.
type notAllowed struct{ error }

func (e notAllowed) Unwrap() error { return e.error }

func (env Env) allow(ctx context.Context, look bool) error {
	if env.allowed == nil {
		return nil
	}
	if err := env.allowed(ctx, look); err != nil {
		return notAllowed{err}
	}
	return nil
}

// System is one of the service's own parts as an actor.
func System(part string) domain.Actor {
	return domain.Actor{Kind: domain.ActorSystem, ID: part}
}

// Today is the UTC day on which the command was begun.
func (env Env) Today() calendar.Date { return calendar.DateOf(env.At) }

// Step is the command in another of its steps: on a stream that it has appended to
// before its events have other ids there.
func (env Env) Step(name string) Env {
	env.step = name + "/"
	return env
}

// Derive makes an id that follows from the command.
func (env Env) Derive(name string) uuid.UUID { return uuid.NewSHA1(env.Command.ID, []byte(name)) }

// eventID is that of the command's event number i on a stream.
func (env Env) eventID(stream string, i int) uuid.UUID {
	return env.Derive(env.step + stream + "#" + strconv.Itoa(i))
}

// Events makes the events of the command on a stream, all at this instant. Their
// ids follow from the command, so a repeated append is the same append.
func (env Env) Events(stream string, events []domain.Event) []eventlog.NewEvent {
	made, at := make([]eventlog.NewEvent, len(events)), env.stamp()
	for i, e := range events {
		made[i] = env.event(env.eventID(stream, i), e, at)
	}
	return made
}

// Once makes an event that must not be taken for one of an earlier attempt: a
// claim always appends, also when the command is repeated.
func (env Env) Once(e domain.Event) eventlog.NewEvent { return env.Event(uuid.New(), e) }

// Event makes an event with an id and the metadata of the command, which happens
// now: it is made for the append that follows, however long ago the command was
// begun.
func (env Env) Event(id uuid.UUID, e domain.Event) eventlog.NewEvent {
	return env.event(id, e, env.stamp())
}

// stamp is the time of what is appended now, in the microseconds that the read
// models keep.
func (x *Executor) stamp() time.Time { return x.Clock.Now().UTC().Truncate(time.Microsecond) }

func (env Env) event(id uuid.UUID, e domain.Event, at time.Time) eventlog.NewEvent {
	correlation := env.Command.ID.String()
	causation := env.causation
	if causation == "" {
		causation = correlation
	}
	return eventlog.NewEvent{ID: id, Event: e, Metadata: eventlog.Metadata{
		SchemaVersion: eventlog.Codec[e.EventType()].Version(),
		OccurredAt:    at,
		Actor:         env.Actor,
		Reason:        env.Command.Reason,
		CorrelationID: correlation,
		CausationID:   causation,
		Traceparent:   env.Command.Traceparent,
	}}
}
