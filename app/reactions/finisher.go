package reactions

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/partnerships"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/renewals"
	"github.com/fleetledger/fleetledger/domain"
)

// Finisher follows the log, a grace period behind it, and finishes or undoes what
// commands left half done when they died:
//
//   - a reservation whose holder does not have the value, or no longer has it,
//     is released;
//   - an account that a reseller created is partnered with it;
//   - the tokens of a closed account are revoked, and what was open there stops;
//   - a secret of an external account that is no longer of use is dropped;
//   - a person erased in one stream is erased in all, and what signing in
//     needed and the key are destroyed;
//   - a device whose owner has agreed to release it is released;
//   - users follow what their account has decided about them, and the account what
//     they have changed about themselves;
//   - what is approved of a renewal order is renewed, and what was taken back is
//     recorded there;
//   - an all-or-nothing batch is finished when it was committed, else abandoned.
//
// Handling events again, or on several instances at once, does no harm.
type Finisher struct {
	executor     *command.Executor
	accounts     *accounts.Service
	people       *people.Service
	partnerships *partnerships.Service
	devices      *devices.Service
	renewals     *renewals.Service
	operations   ports.OperationStore
	open         *openThings
}

// NewFinisher makes the finisher.
func NewFinisher(x *command.Executor, a *accounts.Service, p *people.Service, s *partnerships.Service, d *devices.Service,
	r *renewals.Service, o ports.OperationStore,
) *Finisher {
	return &Finisher{
		executor: x, accounts: a, people: p, partnerships: s, devices: d, renewals: r, operations: o, open: newOpenThings(),
	}
}

// Name is that of its checkpoint. It changes with Prefixes: the log is then
// followed from its beginning once more, which does no harm.
func (*Finisher) Name() string { return "processes_4" }

// Prefixes are those of the streams it follows.
func (*Finisher) Prefixes() []string {
	return []string{"account-", "auditgrant-", "batch-", "device-", "releases-", "renewalorder-", "reservation-", "user-"}
}

// HandleBatch looks after everything that the events began. It gives
// *command.TooEarly when one of them is younger than the grace period, and
// eventlog.ErrConflict when others were faster; both pass.
func (f *Finisher) HandleBatch(ctx context.Context, b eventlog.Batch) error {
	if len(b.Events) == 0 {
		return nil
	}
	if err := f.oldEnough(b.Events); err != nil {
		return err
	}
	t := f.tasks(b.Events)
	// Batches first: a held device tells nothing about its reservations.
	for _, stage := range []stage{t.batches, t.holds, t.others} {
		if err := stage.run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// oldEnough is *command.TooEarly as long as one of the events is younger than the grace
// period.
func (f *Finisher) oldEnough(events []eventlog.Recorded) error {
	var youngest time.Time
	for _, e := range events {
		if e.Metadata.OccurredAt.After(youngest) {
			youngest = e.Metadata.OccurredAt
		}
	}
	return f.executor.OldEnough(youngest)
}

// stage is work that can be done at the same time, by what it is about.
type stage map[string]func(context.Context) error

func (s stage) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(command.Workers)
	for name, do := range s {
		g.Go(func() error {
			if err := do(ctx); err != nil {
				if errors.Is(err, eventlog.ErrBusy) {
					err = errors.Join(err, eventlog.ErrConflict)
				}
				return fmt.Errorf("look after %s: %w", name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// because begins what is done on account of an event.
func (f *Finisher) because(e eventlog.Recorded) command.Env {
	return f.executor.Because("processes", e)
}

// orRefused lets a refusal stand: things have moved on since the event.
func (f *Finisher) orRefused(ctx context.Context, err error) error {
	if len(domain.ProblemsOf(err)) > 0 {
		f.executor.Logger.InfoContext(ctx, "a reaction leaves something as it is", "reason", err)
		return nil
	}
	return err
}
