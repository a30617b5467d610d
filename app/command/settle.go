package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/batch"
)

// grace is how long a command is left alone to finish what it began. It saves
// doing work twice: taking a slow command for dead harms nothing.
const grace = 30 * time.Second

// TooEarly says that a command may still be at work: it is younger than the grace
// period.
type TooEarly struct{ at time.Time }

// Error says when.
func (e *TooEarly) Error() string { return "too early before " + e.at.Format(time.RFC3339Nano) }

// NotBefore is when the grace period ends, by the service's clock.
func (e *TooEarly) NotBefore() time.Time { return e.at }

// OldEnough is *TooEarly within the grace period after an instant. An instant
// far in the future, after the clock was set back, is not waited for.
func (x *Executor) OldEnough(t time.Time) error {
	if age := x.Clock.Now().Sub(t); age < grace && age > -grace {
		return &TooEarly{t.Add(grace)}
	}
	return nil
}

// SettleBatch finishes or undoes a batch that its command may have left,
// *TooEarly while the command may still be alive.
func (x *Executor) SettleBatch(ctx context.Context, uid uuid.UUID) error {
	b, err := x.loadBatch(ctx, uid)
	if err != nil {
		return err
	}
	return x.settle(ctx, b)
}

func (x *Executor) settle(ctx context.Context, b loadedBatch) error {
	switch b.State.Phase {
	case batch.Committed:
		_, err := x.finishBatch(ctx, b)
		return err
	case batch.Started:
		if err := x.OldEnough(b.start.OccurredAt); err != nil {
			return err
		}
		return x.abandonBatch(ctx, b)
	case batch.Abandoned: // whoever did it perhaps died before the holds were released
		return x.abandonBatch(ctx, b)
	}
	return nil
}

// SettleHolds looks after devices that a batch has held: a hold may be the last
// thing that it did after it had been taken for dead.
func (x *Executor) SettleHolds(ctx context.Context, uid uuid.UUID, devices ...uuid.UUID) error {
	b, err := x.loadBatch(ctx, uid)
	if err != nil {
		return err
	}
	if b.State.Phase == batch.Abandoned {
		return x.releaseHolds(ctx, b, devices)
	}
	return x.settle(ctx, b)
}

// conflictWhenBusy lets whoever follows the log try again.
func conflictWhenBusy(err error) error {
	if errors.Is(err, eventlog.ErrBusy) {
		return fmt.Errorf("%w: %w", eventlog.ErrConflict, err)
	}
	return err
}
