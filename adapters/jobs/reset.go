package jobs

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/fleetledger/fleetledger/app/ports"
)

var _ ports.ResetQueue = (*Jobs)(nil)

// resetRequest is the job of a request to reset a password; its JSON stands in
// the queue. It is the same for an address that nobody has.
type resetRequest struct {
	Reservation string    `json:"reservation"`
	Command     uuid.UUID `json:"command"`
	Traceparent string    `json:"traceparent,omitempty"`
}

// Kind names the job in the queue.
func (resetRequest) Kind() string { return "password_reset_request" }

// InsertOpts let it be tried for about an hour: later nobody waits for the mail.
func (resetRequest) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: operationQueue, MaxAttempts: 8}
}

// QueuePasswordReset implements ports.ResetQueue. The workers need not be started
// for it.
func (j *Jobs) QueuePasswordReset(ctx context.Context, reservation string, command uuid.UUID, traceparent string) error {
	_, err := j.inserts.Insert(ctx, resetRequest{Reservation: reservation, Command: command, Traceparent: traceparent}, nil)
	if err != nil {
		return fmt.Errorf("queue password reset: %w", err)
	}
	return nil
}

type resetRequestWorker struct {
	river.WorkerDefaults[resetRequest]
	resets Resets
}

// Work answers the request. Whatever goes wrong passes, and is tried again later.
func (w *resetRequestWorker) Work(ctx context.Context, job *river.Job[resetRequest]) error {
	return w.resets.AnswerResetRequest(ctx, job.Args.Reservation, job.Args.Command, job.Args.Traceparent)
}

// passwordReset is the job that versions up to 28 November 2026 queue, which look the
// user up before. For an address that nobody has, the user is nobody.
type passwordReset struct {
	User        uuid.UUID `json:"user"`
	Command     uuid.UUID `json:"command"`
	Traceparent string    `json:"traceparent,omitempty"`
}

// Kind names the job in the queue.
func (passwordReset) Kind() string { return "password_reset" }

type resetWorker struct {
	river.WorkerDefaults[passwordReset]
	resets Resets
}

// Work sends the reset. Whatever goes wrong passes, and is tried again later.
func (w *resetWorker) Work(ctx context.Context, job *river.Job[passwordReset]) error {
	return w.resets.SendPasswordReset(ctx, job.Args.User, job.Args.Command, job.Args.Traceparent)
}
