package command

import "context"

type stopKey struct{}

// WithStop lets the bulk commands of a context stop between two items: stop is asked
// before each. What it refuses with, the item and all after it are refused with;
// another error ends the command.
func WithStop(ctx context.Context, stop func(context.Context) error) context.Context {
	return context.WithValue(ctx, stopKey{}, stop)
}

// stopped is what the context's stop says now.
func stopped(ctx context.Context) error {
	if stop, ok := ctx.Value(stopKey{}).(func(context.Context) error); ok {
		return stop(ctx)
	}
	return nil
}
