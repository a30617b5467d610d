package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/batch"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// grace is how long a command is left alone to finish what it began. It is
// about not doing work twice: taking a slow command for dead harms nothing.
const grace = 30 * time.Second

// TooEarly says that the events are younger than the grace period: they are to
// be delivered again later.
type TooEarly struct{ at time.Time }

// Error says when.
func (e *TooEarly) Error() string { return "too early before " + e.at.Format(time.RFC3339Nano) }

// NotBefore is when the events will be old enough, by the App's clock.
func (e *TooEarly) NotBefore() time.Time { return e.at }

// Processes follow the log, a grace period behind it, and finish or undo what
// commands left half done when they died:
//
//   - a reservation whose holder does not have the value, or no longer has it,
//     is released;
//   - an account that a reseller created is partnered with it;
//   - a secret of an external account that is of no use any more is dropped;
//   - a person erased in one stream is erased in all, and what signing in
//     needed and the key are destroyed;
//   - what its owner has agreed to release is released;
//   - an account's users and its administrators follow what was decided;
//   - an all-or-nothing batch is finished when it was committed, else abandoned.
//
// Handling events again, or on several instances at once, does no harm.
type Processes struct{ app *App }

// Processes gives the processes.
func (a *App) Processes() *Processes { return &Processes{a} }

// Name is that of their checkpoint. It changes with Prefixes: the log is then
// followed from its beginning once more, which does no harm.
func (*Processes) Name() string { return "processes_3" }

// Prefixes are those of the streams they follow.
func (*Processes) Prefixes() []string {
	return []string{"account-", auditPrefix, "batch-", "device-", "releases-", "reservation-", "user-"}
}

// HandleBatch looks after everything that the events began. It gives *TooEarly
// when one of them is younger than the grace period, and ErrConflict when others
// were faster; both pass.
func (p *Processes) HandleBatch(ctx context.Context, b eventlog.Batch) error {
	if len(b.Events) == 0 {
		return nil
	}
	var youngest time.Time
	for _, e := range b.Events {
		if e.Metadata.OccurredAt.After(youngest) {
			youngest = e.Metadata.OccurredAt
		}
	}
	if err := p.app.oldEnough(youngest); err != nil {
		return err
	}
	t := newTasks(b.Events)
	// Batches first: a held device tells nothing about its reservations.
	for _, stage := range []stage{t.batches, t.holds, t.rest} {
		if err := stage.run(ctx, p.app); err != nil {
			return err
		}
	}
	return nil
}

// oldEnough is *TooEarly within the grace period after an instant. An instant
// far in the future, after the clock was set back, is not waited for.
func (a *App) oldEnough(t time.Time) error {
	if age := a.clock.Now().Sub(t); age < grace && age > -grace {
		return &TooEarly{t.Add(grace)}
	}
	return nil
}

// stage is work that can be done at the same time, by what it is about.
type stage map[string]func(context.Context, *App) error

func (s stage) run(ctx context.Context, a *App) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for name, do := range s {
		g.Go(func() error {
			if err := do(ctx, a); err != nil {
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

// tasks are what a batch of events gives cause to look after, each once.
type tasks struct {
	batches, holds, rest stage
	held                 map[uuid.UUID][]uuid.UUID              // by batch: devices
	reserved             map[string]map[string]reservation.Kind // by subject: streams with a claim
}

func newTasks(events []eventlog.Recorded) *tasks {
	t := &tasks{
		batches: stage{}, holds: stage{}, rest: stage{},
		held: map[uuid.UUID][]uuid.UUID{}, reserved: map[string]map[string]reservation.Kind{},
	}
	for _, e := range events {
		t.add(e)
	}
	return t
}

func (t *tasks) add(e eventlog.Recorded) {
	t.addSecrets(e)
	switch event := e.Event.(type) {
	case batch.BatchStarted:
		t.batches[e.Stream] = func(ctx context.Context, a *App) error { return a.settle(ctx, event.Batch) }
	case device.Held:
		t.held[event.Batch] = append(t.held[event.Batch], event.Device)
		t.holds["holds of "+event.Batch.String()] = func(ctx context.Context, a *App) error {
			return a.settleHolds(ctx, event.Batch, t.held[event.Batch]...)
		}
	case reservation.Reserved:
		t.reserve(event.Subject, e.Stream, event.Kind)
		t.tidy(event.Subject, event.Holder, e)
	case device.Transferred, device.TransferReversed, device.Renamed, device.Retired, account.AccountClosed, account.AccountRenamed:
		if uid, ok := uidOf(e.Stream); ok {
			t.tidy(e.Stream, uid, e)
		}
	case release.ReleaseRequestGranted:
		t.rest["release request "+event.Request.String()] = func(ctx context.Context, a *App) error {
			return a.releaseGranted(ctx, a.because(e), event.Request)
		}
	case account.AccountCreated:
		if event.Reseller != uuid.Nil {
			t.rest["partnership of "+e.Stream] = func(ctx context.Context, a *App) error {
				_, err := a.partnerUp(ctx, a.because(e), account.State{UID: event.Account, Reseller: event.Reseller}, e.Position)
				return err
			}
		}
	default:
		t.addPeople(e)
	}
}

func (t *tasks) reserve(subject, stream string, kind reservation.Kind) {
	if t.reserved[subject] == nil {
		t.reserved[subject] = map[string]reservation.Kind{}
	}
	t.reserved[subject][stream] = kind
}

func (t *tasks) tidy(subject string, holder uuid.UUID, e eventlog.Recorded) {
	t.rest[subject] = func(ctx context.Context, a *App) error {
		return a.tidy(ctx, a.because(e), subject, holder, t.reserved[subject])
	}
}

// because is the writing of a process on account of an event.
func (a *App) because(e eventlog.Recorded) write {
	command, err := uuid.Parse(e.Metadata.CorrelationID)
	if err != nil {
		command = e.ID
	}
	w := a.write(access.Caller{Actor: domain.Actor{Kind: domain.ActorSystem, ID: "processes"}},
		Command{ID: command, Traceparent: e.Metadata.Traceparent})
	w.causation = e.ID.String()
	return w
}
