package command

import (
	"context"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/aggregate"
)

// What an earlier attempt at a command has appended is answered as it was then: a
// caller that was told nothing must not be told the revision of what others have
// changed since, or it would overwrite with If-Match what it has never seen.

// appended finds the events of an earlier attempt in a stream: from the first of
// them up to, not including, to. They stand together, as they were appended.
func (env Env) appended(stream string, all []eventlog.Recorded) (from, to int, found bool) {
	first := env.eventID(stream, 0)
	for from = range all {
		if all[from].ID != first {
			continue
		}
		for to = from + 1; to < len(all) && all[to].ID == env.eventID(stream, to-from); {
			to++
		}
		return from, to, true
	}
	return 0, 0, false
}

// caused counts the events of a stream up to the last that belongs to the command,
// whichever of its steps has appended it, or a reaction in its place.
func (env Env) caused(all []eventlog.Recorded) int {
	id := env.Command.ID.String()
	for n := len(all); n > 0; n-- {
		if all[n-1].Metadata.CorrelationID == id {
			return n
		}
	}
	return 0
}

// at is a result as of the first n events of its stream. Now stays.
func (r Result[S]) at(a aggregate.Aggregate[S], n int) Result[S] {
	r.State, r.Revision, r.Position = a.New(r.UID), eventlog.NoStream, eventlog.Position{}
	for _, e := range r.loaded.Events[:n] {
		r.State, r.Revision, r.Position = a.Evolve(r.State, e.Event), e.Revision, e.Position
	}
	return r
}

// AsOf is what was decided on, as of a position of the log: it is for a step that
// has nothing to change, of a command that has changed something else there. What
// rests on an event of the command stays, and so does all without a position.
func (r Result[S]) AsOf(a aggregate.Aggregate[S], p eventlog.Position) Result[S] {
	if r.loaded == nil || r.own || p == (eventlog.Position{}) {
		return r
	}
	n := len(r.loaded.Events)
	for n > 0 && p.Before(r.loaded.Events[n-1].Position) {
		n--
	}
	return r.at(a, n)
}

// Caused is a result as of the last event of the command, whichever of its steps an
// earlier attempt has died after.
func (r Result[S]) Caused(a aggregate.Aggregate[S], env Env) Result[S] {
	if n := env.caused(r.loaded.Events); r.own && n > 0 {
		return r.at(a, n)
	}
	return r
}

// UnlessDone gives a refusal, unless an earlier attempt has carried out the command
// on the aggregate, before there was cause to refuse it.
func UnlessDone[S any](ctx context.Context, env Env, on Subject[S], refusal error) error {
	if !isRefusal(refusal) {
		return refusal
	}
	l, err := on.load(ctx, env)
	if err != nil {
		return err
	}
	if _, _, done := env.appended(on.stream(), l.Events); done {
		return nil
	}
	return refusal
}

// load is the aggregate as it was loaded already, or as it is now.
func (s Subject[S]) load(ctx context.Context, env Env) (eventlog.Loaded[S], error) {
	if s.loaded != nil {
		return *s.loaded, nil
	}
	return eventlog.Load(ctx, env.Log, s.aggregate, s.uid)
}
