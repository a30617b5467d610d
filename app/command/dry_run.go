package command

import (
	"context"
	"slices"
)

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
	ahead.reserve(on.uid, d.wanted)
	d.result.Done = true
	return d.result, nil
}
