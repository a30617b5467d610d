package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/batch"
)

// settle finishes or undoes a batch that its command may have left.
func (a *App) settle(ctx context.Context, uid uuid.UUID) error {
	l, err := a.loadBatch(ctx, uid)
	if err != nil {
		return err
	}
	return a.settleBatch(ctx, l)
}

// settleBatch is *TooEarly for one that may still be alive.
func (a *App) settleBatch(ctx context.Context, l loadedBatch) error {
	switch l.state.Phase {
	case batch.Committed:
		_, err := a.finishBatch(ctx, l)
		return err
	case batch.Started:
		if err := a.oldEnough(l.start.OccurredAt); err != nil {
			return err
		}
		return a.abandonBatch(ctx, l)
	case batch.Abandoned: // who did it perhaps died before the holds were released
		return a.abandonBatch(ctx, l)
	}
	return nil
}

// settleHolds looks after devices that a batch has held: a hold may be the last
// thing that it did after it had been taken for dead.
func (a *App) settleHolds(ctx context.Context, uid uuid.UUID, devices ...uuid.UUID) error {
	l, err := a.loadBatch(ctx, uid)
	if err != nil {
		return err
	}
	if l.state.Phase == batch.Abandoned {
		return a.releaseHolds(ctx, l, devices)
	}
	return a.settleBatch(ctx, l)
}
