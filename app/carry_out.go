package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// change is what a command does to one stream. Wants are the reservations the
// change needs, from the state before it; has are those a state has. Both may
// be nil.
type change[S any] struct {
	stream     string
	holder     uuid.UUID
	initial    S
	evolve     func(S, domain.Event) S
	decide     func(S) ([]domain.Event, []domain.Problem)
	wants      func(S) []want
	has        func(S) []reservation.Key
	ifRevision *eventlog.Revision
}

// result is what became of a change: refused with problems, unchanged with
// neither problems nor done, else done. State is that after it, for a plan as
// it would be; of a refused change that before.
type result[S any] struct {
	before   S // as loaded
	state    S
	problems []domain.Problem
	done     bool
	events   []domain.Event // empty when an earlier attempt appended them
	revision eventlog.Revision
	position eventlog.Position
}

func (r result[S]) written(uid uuid.UUID) (Written, error) {
	return Written{UID: uid, Revision: r.revision, Position: r.position}, domain.Refuse(r.problems...)
}

// carryOut does a change: load, decide, claim, append, release. Commands of this
// instance take turns at a stream; when those of another were faster it starts
// over, ErrBusy after several times.
func carryOut[S any](ctx context.Context, a *App, w write, c change[S]) (result[S], error) {
	done, err := a.turns.take(ctx, c.stream)
	if err != nil {
		return result[S]{}, err
	}
	defer done()
	mine := a.claims(w, c.holder, c.stream)
	for try := range conflictTries {
		r, err := attempt(ctx, a, w, c, mine)
		if !errors.Is(err, eventlog.ErrConflict) {
			if err == nil && !r.done || errors.Is(err, ErrPrecondition) {
				mine.giveUp(ctx)
			}
			return r, err
		}
		if err := pause(ctx, try); err != nil {
			return result[S]{}, err
		}
	}
	mine.giveUp(ctx)
	return result[S]{}, fmt.Errorf("%s: %w", c.stream, eventlog.ErrBusy)
}

func attempt[S any](ctx context.Context, a *App, w write, c change[S], mine *claims) (result[S], error) {
	l, r, err := consider(ctx, a, w, c)
	if err != nil || len(r.events) == 0 && len(r.problems) == 0 {
		return r, err
	}
	if len(r.problems) > 0 {
		missing, err := a.plan().missing(ctx, c.holder, c.wanted(l.state))
		r.problems = append(r.problems, missing...)
		return r, err
	}
	taken, err := mine.all(ctx, c.wanted(l.state))
	if err != nil || len(taken) > 0 {
		return result[S]{state: l.state, problems: taken, revision: l.revision}, err
	}
	leaves, err := a.before(ctx, c.holder, c.leaves(l.state, r.state))
	if err != nil {
		return r, err
	}
	r.revision, r.position, err = a.append(ctx, c.stream, l.revision, w.events(c.stream, r.events)...)
	if err != nil {
		return r, err
	}
	a.releaseFreed(ctx, w, c.holder, leaves)
	r.done = true
	return r, nil
}

// judge decides a change by a plan and appends nothing. What is allowed becomes
// part of the plan.
func judge[S any](ctx context.Context, a *App, w write, c change[S], p *plan) (result[S], error) {
	l, r, err := consider(ctx, a, w, c)
	if err != nil || len(r.events) == 0 && len(r.problems) == 0 {
		return r, err
	}
	wants := c.wanted(l.state)
	missing, err := p.missing(ctx, c.holder, wants)
	if err != nil {
		return r, err
	}
	if r.problems = append(r.problems, missing...); len(r.problems) > 0 {
		r.state, r.events = l.state, nil
		return r, nil
	}
	p.take(c.holder, wants)
	r.done = true
	return r, nil
}

// consider loads and decides. A change that an earlier attempt of the same
// command has appended is done, whatever came after.
func consider[S any](ctx context.Context, a *App, w write, c change[S]) (loaded[S], result[S], error) {
	l, err := load(ctx, a.log, c.stream, c.initial, c.evolve)
	if err != nil {
		return l, result[S]{}, err
	}
	r := result[S]{before: l.state, state: l.state, revision: l.revision, position: l.position}
	if slices.Contains(l.ids, w.id(c.stream, 0)) {
		r.done = true
		return l, r, nil
	}
	if c.ifRevision != nil && *c.ifRevision != l.revision {
		return l, r, ErrPrecondition
	}
	r.events, r.problems = c.decide(l.state)
	for _, e := range r.events {
		r.state = c.evolve(r.state, e)
	}
	return l, r, nil
}

func (c change[S]) wanted(s S) []want {
	if c.wants == nil {
		return nil
	}
	return c.wants(s)
}

// leaves are the reservations that the state before has and the one after has not.
func (c change[S]) leaves(before, after S) []reservation.Key {
	if c.has == nil {
		return nil
	}
	kept := c.has(after)
	return slices.DeleteFunc(c.has(before), func(k reservation.Key) bool {
		return slices.ContainsFunc(kept, func(other reservation.Key) bool { return other.Stream == k.Stream })
	})
}
