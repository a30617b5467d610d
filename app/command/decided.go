package command

import (
	"context"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// decided is a decision on a loaded state: what it wants and frees, and the
// problems it was refused with. The result has the events, unless it was refused,
// and the state and revision before the append.
type decided[S any] struct {
	result        Result[S]
	refused       []domain.Problem
	wanted, freed []reservation.Held
}

// decideOn loads, unless that was done, and decides. A command that an earlier
// attempt has appended is done, whatever came after, and the result is as of its
// last event; so it is when a step has nothing to do because one before has done it.
func decideOn[S any](ctx context.Context, env Env, on Subject[S], decide Decide[S]) (decided[S], error) {
	l, err := on.load(ctx, env)
	if err != nil {
		return decided[S]{}, err
	}
	d := decided[S]{result: Result[S]{UID: on.uid, Before: l.State, State: l.State, Now: l.State, Revision: l.Revision, Position: l.Position, loaded: &l}}
	if from, to, done := env.appended(on.stream(), l.Events); done {
		before := d.result.at(on.aggregate, from)
		d.result = d.result.at(on.aggregate, to)
		d.result.Before, d.result.Done, d.result.own = before.State, true, true
		return d, nil
	}
	if on.ifRevision != nil && *on.ifRevision != l.Revision {
		return d, &Changed{Revision: l.Revision, Position: l.Position}
	}
	events, err := decide(l.State)
	if err != nil && !isRefusal(err) {
		return d, err
	}
	after := on.aggregate.Fold(l.State, events...)
	d.wanted = on.aggregate.Wanted(l.State, after, env.Limits)
	d.freed = on.aggregate.Freed(l.State, after, env.Limits)
	if d.refused = domain.ProblemsOf(err); len(d.refused) > 0 {
		return d, nil
	}
	if n := env.caused(l.Events); len(events) == 0 && n > 0 {
		d.result = d.result.at(on.aggregate, n)
		d.result.own = true
		return d, nil
	}
	d.result.Events, d.result.State, d.result.Now = events, after, after
	return d, nil
}
