package transfers

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// perRecord keeps an event of a record or a plan well below the size the store
// takes, also when many problems were found with each device.
const perRecord = 50

// record is the recording of one request: of a transfer, a part of a long one,
// or a reversal.
type record struct {
	env     command.Env
	rules   device.Rules
	holder  uuid.UUID // the account that has the devices before
	entries entries
	found   eventlog.Loaded[transfer.State]
	first   int       // index of the first device
	last    time.Time // when the last event appended here happened
}

// notRecorded is the record of a transfer that most likely has none yet: the
// first append goes without reading.
func notRecorded(uid uuid.UUID) eventlog.Loaded[transfer.State] {
	return eventlog.Loaded[transfer.State]{UID: uid, Revision: eventlog.NoStream}
}

// begin records the request, before anything is done. A request that was begun
// before is not recorded again.
func (r *record) begin(ctx context.Context) error {
	id := r.entries.id(r.env)
	return r.retry(ctx, func() error {
		begun := slices.IndexFunc(r.found.Events, func(e eventlog.Recorded) bool { return e.ID == id })
		if begun >= 0 {
			if e, ok := r.found.Events[begun].Event.(transfer.TransferRequested); ok {
				r.first = e.First
			}
			return nil
		}
		r.first = len(r.entries.items(r.found.State))
		return r.append(ctx, r.env.Event(id, r.entries.requested(r.first)))
	})
}

// conclude records what became of the devices, as far as that is not known. It
// goes on when the caller has gone: the devices have been moved.
func (r *record) conclude(ctx context.Context, results []command.Result[device.State]) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), command.LastSteps)
	defer cancel()
	return r.retry(ctx, func() error {
		for _, e := range r.outcomes(results) {
			if err := r.append(ctx, r.env.Once(e)); err != nil {
				return err
			}
		}
		return nil
	})
}

// retry calls do, and when others were faster reads the record and calls it again.
func (r *record) retry(ctx context.Context, do func() error) error {
	current := true
	return command.Retry(ctx, "record of transfer "+r.found.UID.String(), func() (err error) {
		if !current {
			if r.found, err = eventlog.Load(ctx, r.env.Log, transfer.Aggregate, r.found.UID); err != nil {
				return err
			}
		}
		current = false
		return do()
	})
}

func (r *record) append(ctx context.Context, e eventlog.NewEvent) error {
	made := eventlog.NotBefore(r.last, eventlog.NotBefore(r.found.Latest(), e)...)
	revision, _, err := r.env.Append(ctx, transfer.Aggregate.Stream(r.found.UID), r.found.Revision, made...)
	if err == nil {
		r.found.State, r.found.Revision, r.last = transfer.Evolve(r.found.State, e.Event), revision, made[0].Metadata.OccurredAt
	}
	return err
}

// outcomes are the events that say what is not recorded yet.
func (r *record) outcomes(results []command.Result[device.State]) []domain.Event {
	items := r.entries.items(r.found.State)
	var moved []transfer.Moved
	var refusals []transfer.Refusal
	for i, result := range results {
		index := r.first + i
		known := items[index]
		switch {
		case known.Outcome == transfer.Carried:
		case len(result.Problems) == 0 && result.Done:
			moved = append(moved, r.moved(index, result.State))
		case len(result.Problems) > 0 && !slices.Equal(codesOf(known.Problems), codesOf(result.Problems)):
			refusals = append(refusals, r.refused(index, result))
		}
	}
	var events []domain.Event
	for part := range slices.Chunk(moved, perRecord) {
		events = append(events, r.entries.carriedOut(part))
	}
	for part := range slices.Chunk(refusals, perRecord) {
		events = append(events, r.entries.refused(part))
	}
	return events
}

func (r *record) moved(index int, s device.State) transfer.Moved {
	return transfer.Moved{Index: index, Device: s.UID, SerialNumber: s.SerialNumber, Resulting: s.Resulting(r.rules)}
}

func (r *record) refused(index int, result command.Result[device.State]) transfer.Refusal {
	refusal := transfer.Refusal{Index: index, Problems: result.Problems}
	if result.State.Exists() && result.State.Account == r.holder {
		refusal.InSource, refusal.SerialNumber = true, result.State.SerialNumber
	}
	return refusal
}
