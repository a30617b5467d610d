package projections

import (
	"context"
	"errors"
	"fmt"
)

// ErrNoFormer says that there is no former generation to go back to.
var ErrNoFormer = errors.New("there is no former generation to go back to")

// Rollback puts the generation that the last rebuild replaced in the live one's place
// again, caught up with the log, as Rebuild does with a new one. The one that was live
// is the former one then: a second rollback undoes the first.
//
// It fails with ErrUnknown, ErrNoFormer, ErrRebuildRunning, or what went wrong; the live
// generation is untouched then.
func (r *Runner) Rollback(ctx context.Context, name string, progress func(Progress)) error {
	return r.exchange(ctx, "roll back", name, progress, (*rebuild).back)
}

func (b *rebuild) back(ctx context.Context) (err error) {
	b.generation, err = loadGeneration(ctx, b.r.Pool, b.p, oldGeneration)
	switch {
	case errors.Is(err, errNoGeneration):
		return ErrNoFormer
	case err != nil:
		return err
	case b.made != b.p.made():
		return fmt.Errorf("%w: it was made by another version of the program", ErrNoFormer)
	case !b.follower().owns(b.checkpoint):
		return fmt.Errorf("%w: it is of another log or filter", ErrNoFormer)
	}
	if err := b.r.verify(ctx, b.follower(), b.checkpoint); errors.Is(err, ErrLostCheckpoint) {
		return fmt.Errorf("%w: %w", ErrNoFormer, err)
	} else if err != nil {
		return err
	}
	b.reportStep("resuming")
	if err := b.fill(ctx); err != nil {
		return err
	}
	return b.putLive(ctx)
}
