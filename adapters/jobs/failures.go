package jobs

import (
	"context"
	"errors"
	"log/slog"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// failures logs each attempt that went wrong. River keeps the same with the job,
// where nobody looks.
type failures struct{ logger *slog.Logger }

var _ river.ErrorHandler = failures{}

// HandleError implements river.ErrorHandler.
func (f failures) HandleError(ctx context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	f.logger.WarnContext(ctx, "job went wrong", "job", job.Kind, "args", string(job.EncodedArgs), "attempt", job.Attempt, "error", err)
	return nil
}

// HandlePanic implements river.ErrorHandler.
func (f failures) HandlePanic(ctx context.Context, job *rivertype.JobRow, value any, stack string) *river.ErrorHandlerResult {
	f.logger.ErrorContext(ctx, "job panicked", "job", job.Kind, "args", string(job.EncodedArgs), "attempt", job.Attempt, "panic", value, "stack", stack)
	return nil
}

// interrupted tells river of an attempt that a stop has cancelled, whatever
// error came of it: the job is put back at once, and the attempt does not count.
func interrupted(ctx context.Context, _ *rivertype.JobRow, work func(context.Context) error) error {
	err := work(ctx)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return errors.Join(ctx.Err(), err)
	}
	return err
}
