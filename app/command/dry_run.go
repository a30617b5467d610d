package command

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// errDryRunWrites says that a use case appends in a dry run. It is a mistake
// there, and nothing was written.
var errDryRunWrites = errors.New("a dry run writes nothing")

// Append is the executor's. It is the last guard that a dry run writes nothing.
func (env Env) Append(ctx context.Context, stream string, expected eventlog.Revision, events ...eventlog.NewEvent) (eventlog.Revision, eventlog.Position, error) {
	if env.Command.DryRun {
		return 0, eventlog.Position{}, fmt.Errorf("append to %s: %w", stream, errDryRunWrites)
	}
	return env.Executor.Append(ctx, stream, expected, events...)
}

// rehearse is Execute of a dry run: the answer of DryRun, with the revision that
// would be reached and no position.
func rehearse[S any](ctx context.Context, env Env, on Subject[S], decide Decide[S]) (Result[S], error) {
	r, err := DryRun(ctx, env, on, decide)
	r.Revision += eventlog.Revision(len(r.Events))
	r.Position = eventlog.Position{}
	return r, err
}

// DryRun decides and appends nothing; the result and the error are those that
// Execute would give now.
func DryRun[S any](ctx context.Context, env Env, on Subject[S], decide Decide[S]) (Result[S], error) {
	return dryRun(ctx, env, on, decide, env.reservations())
}

// dryRun decides with reservations looked ahead. What is allowed is reserved
// there.
func dryRun[S any](ctx context.Context, env Env, on Subject[S], decide Decide[S], ahead *reservations) (Result[S], error) {
	d, err := decideOn(ctx, env, on, decide)
	if err != nil || len(d.result.Events) == 0 && len(d.refused) == 0 {
		return d.result, err
	}
	missing, err := ahead.missing(ctx, on.uid, d.wanted)
	if err != nil {
		return d.result, err
	}
	if problems := slices.Concat(d.refused, missing); len(problems) > 0 {
		return d.result.refuse(problems)
	}
	if err := env.allow(ctx, true); err != nil {
		return d.result, err
	}
	ahead.reserve(on.uid, d.wanted)
	d.result.Done = true
	return d.result, nil
}
