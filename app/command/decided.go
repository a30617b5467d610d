package command

import (
	"context"

	"github.com/fleetledger/fleetledger/app/eventlog"
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
// attempt has appended is done, whatever came after.
func decideOn[S any](ctx context.Context, env Env, on Subject[S], decide Decide[S]) (decided[S], error) {
	var l eventlog.Loaded[S]
	if on.loaded != nil {
		l = *on.loaded
	} else {
		var err error
		if l, err = eventlog.Load(ctx, env.Log, on.aggregate, on.uid); err != nil {
			return decided[S]{}, err
		}
	}
	d := decided[S]{result: Result[S]{UID: on.uid, Before: l.State, State: l.State, Revision: l.Revision, Position: l.Position, loaded: &l}}
	if l.Has(env.eventID(on.stream(), 0)) {
		d.result.Done = true
		return d, nil
	}
	if on.ifRevision != nil && *on.ifRevision != l.Revision {
		return d, ErrPrecondition
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
	d.result.Events, d.result.State = events, after
	return d, nil
}
