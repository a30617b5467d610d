package command

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
)

// Decide decides on a state: the events to record, none when there is nothing to
// do, or a *domain.Refusal. Events beside a refusal are what would follow without
// it: what else they would need is told with it. Any other error ends the command
// as it is.
type Decide[S any] func(S) ([]domain.Event, error)

// Subject is the aggregate that a command is about.
type Subject[S any] struct {
	aggregate  aggregate.Aggregate[S]
	uid        uuid.UUID
	loaded     *eventlog.Loaded[S]
	ifRevision *eventlog.Revision
	shown      bool
}

// On is the aggregate with the uid.
func On[S any](a aggregate.Aggregate[S], uid uuid.UUID) Subject[S] {
	return Subject[S]{aggregate: a, uid: uid}
}

// Loaded is an aggregate that was loaded already; it is not read again unless
// others were faster.
func Loaded[S any](a aggregate.Aggregate[S], l eventlog.Loaded[S]) Subject[S] {
	return Subject[S]{aggregate: a, uid: l.UID, loaded: &l}
}

// If expects a revision, else the command is *Changed; nil expects none.
func (s Subject[S]) If(r *eventlog.Revision) Subject[S] {
	s.ifRevision = r
	return s
}

// Shown says that the caller may read the aggregate: a refusal is then *Refused, and
// tells where in the log it was decided.
func (s Subject[S]) Shown() Subject[S] {
	s.shown = true
	return s
}

func (s Subject[S]) stream() string { return s.aggregate.Stream(s.uid) }

// Result is what became of a command: refused with problems, unchanged with
// neither problems nor Done, else done. State, Revision and Position are those after
// it, for a dry run as they would be; of a refused command those before. Of what an
// earlier attempt has done they are those of then: others may have gone on since. Now
// is the state as it is, by which a command goes on.
type Result[S any] struct {
	UID      uuid.UUID
	Before   S // what was decided on
	State    S
	Now      S
	Problems []domain.Problem
	Done     bool
	Events   []domain.Event // empty when an earlier attempt appended them
	Revision eventlog.Revision
	Position eventlog.Position

	loaded *eventlog.Loaded[S] // what was decided on
	own    bool                // as of an event of an earlier attempt, or another step
}

// Receipt is that of a result.
func (r Result[S]) Receipt() Receipt {
	return Receipt{UID: r.UID, Revision: r.Revision, Position: r.Position}
}

// Receive is the receipt of what Execute gives.
func Receive[S any](r Result[S], err error) (Receipt, error) {
	if err != nil {
		return Receipt{}, err
	}
	return r.Receipt(), nil
}

// Refused is a refusal of what the caller may read: who reads at the position sees what
// it rests on.
type Refused struct {
	error
	Position eventlog.Position // of the last event that was decided on
}

func (r *Refused) Unwrap() error { return r.error }

// refuse adds problems to a result, whose error they are.
func (r Result[S]) refuse(problems []domain.Problem) (Result[S], error) {
	r.Problems, r.State, r.Now, r.Events = problems, r.Before, r.Before, nil
	return r, domain.Refuse(problems...)
}

// Execute carries out a decision: load, decide, claim, append, release. Commands
// of this instance on the same stream go one after the other; when those of
// another were faster it starts over, eventlog.ErrBusy after several times. A
// refusal is its error, and stands in the result too. A command that is a dry run
// is answered as DryRun does.
func Execute[S any](ctx context.Context, env Env, on Subject[S], decide Decide[S]) (Result[S], error) {
	if env.Command.DryRun {
		return rehearse(ctx, env, on, decide)
	}
	unlock, waited, err := env.streams.lock(ctx, on.stream())
	if err != nil {
		return Result[S]{}, err
	}
	defer unlock()
	if waited {
		on.loaded = nil
	}
	claims := newClaims(env, on.uid, on.stream())
	var r Result[S]
	err = Retry(ctx, on.stream(), func() (err error) {
		r, err = executeOnce(ctx, env, on, decide, claims)
		on.loaded = nil
		return err
	})
	if !r.Done && appendedNothing(err) {
		claims.giveUp(ctx)
	}
	if on.shown && isRefusal(err) && !isBusy(err) {
		err = &Refused{err, r.Position}
	}
	return r, err
}

// isBusy reports whether others were in the way: a device may be in an account now that
// the caller does not see.
func isBusy(err error) bool {
	return slices.ContainsFunc(domain.ProblemsOf(err), func(p domain.Problem) bool { return p.Kind == domain.Busy })
}

// appendedNothing reports whether a command that is not done has certainly
// appended nothing to its aggregate.
func appendedNothing(err error) bool {
	_, stopped := errors.AsType[notAllowed](err)
	return err == nil || stopped || isRefusal(err) || errors.Is(err, ErrPrecondition) || errors.Is(err, query.ErrNotFound) ||
		errors.Is(err, eventlog.ErrBusy)
}

func isRefusal(err error) bool {
	_, ok := errors.AsType[*domain.Refusal](err)
	return ok
}

// executeOnce is one try of a command: it decides on the state as it is now.
func executeOnce[S any](ctx context.Context, env Env, on Subject[S], decide Decide[S], claims *claims) (Result[S], error) {
	d, err := decideOn(ctx, env, on, decide)
	if err != nil || len(d.result.Events) == 0 && len(d.refused) == 0 {
		return d.result, err
	}
	r := d.result
	if len(d.refused) > 0 {
		missing, err := env.reservations().missing(ctx, on.uid, d.wanted)
		if err != nil {
			return r, err
		}
		return r.refuse(slices.Concat(d.refused, missing))
	}
	taken, err := claims.all(ctx, d.wanted)
	if err != nil {
		return r, err
	}
	if len(taken) > 0 {
		return r.refuse(taken)
	}
	freed, err := env.heldBefore(ctx, on.uid, d.freed)
	if err != nil {
		return r, err
	}
	if err := env.allow(ctx, false); err != nil {
		return r, err
	}
	r.Revision, r.Position, err = env.Append(ctx, on.stream(), d.result.Revision,
		eventlog.NotBefore(r.loaded.Latest(), env.Events(on.stream(), r.Events)...)...)
	if err != nil {
		return r, err
	}
	env.releaseAll(ctx, on.uid, freed)
	r.Done = true
	return r, nil
}
