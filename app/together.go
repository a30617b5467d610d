package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/batch"
	"github.com/fleetledger/fleetledger/domain/device"
)

// maxTogether is how many items can be carried out all or nothing.
const maxTogether = 1000

// preparedPerEvent keeps an event with changes well below the size the store takes.
const preparedPerEvent = 100

// lastSteps is the time to finish or undo a batch whose caller has gone.
const lastSteps = 20 * time.Second

var (
	batchRefused  = domain.Problem{Code: CodeBatchRefused, Detail: "Another item of the all-or-nothing request was refused."}
	batchTooLarge = domain.Problem{Code: CodeBatchTooLarge, Detail: fmt.Sprintf("An all-or-nothing request has at most %d items.", maxTogether)}
)

// carryOutTogether carries out all items or none: it decides all by a plan,
// holds all devices, commits, and appends (see package batch).
func (a *App) carryOutTogether(ctx context.Context, w write, items []bulkItem) ([]result[device.State], error) {
	uid, err := a.nextBatch(ctx, w)
	if err != nil {
		return nil, err
	}
	results, err := a.judgeAll(ctx, w, items)
	if err != nil || refuseAll(results) {
		return results, err
	}
	t := together{app: a, w: w, uid: uid, items: items, results: results, holds: map[int]*hold{}}
	for i, r := range results {
		if len(r.events) > 0 {
			t.open = append(t.open, i)
		}
	}
	if len(t.open) == 0 {
		return results, nil
	}
	return t.run(ctx)
}

// refuseAll makes one refusal the refusal of all.
func refuseAll(results []result[device.State]) bool {
	refused := slices.ContainsFunc(results, func(r result[device.State]) bool { return len(r.problems) > 0 })
	for i := range results {
		if refused && len(results[i].problems) == 0 {
			results[i] = result[device.State]{problems: []domain.Problem{batchRefused}}
		}
	}
	return refused
}

// nextBatch names the batch of this attempt at the command, after earlier ones
// were finished or abandoned. One that is still under way is ErrBusy.
func (a *App) nextBatch(ctx context.Context, w write) (uuid.UUID, error) {
	for n := 0; ; {
		uid := w.derive(fmt.Sprintf("batch/%d", n))
		l, err := a.loadBatch(ctx, uid)
		if err != nil {
			return uid, err
		}
		switch l.state.Phase {
		case "", batch.Completed: // once completed every item is done already
			return uid, nil
		case batch.Abandoned:
			n++
			continue
		}
		if err := a.settleBatch(ctx, l); err != nil {
			if early, ok := errors.AsType[*TooEarly](err); ok {
				return uid, fmt.Errorf("%w: %w", eventlog.ErrBusy, early)
			}
			return uid, busyOnConflict(err)
		}
	}
}

func busyOnConflict(err error) error {
	if errors.Is(err, eventlog.ErrConflict) {
		return fmt.Errorf("%w: %w", eventlog.ErrBusy, err)
	}
	return err
}

// together is one all-or-nothing request after its decision.
type together struct {
	app      *App
	w        write
	uid      uuid.UUID // of the batch
	items    []bulkItem
	open     []int // items that change something
	results  []result[device.State]
	revision eventlog.Revision // of the batch's stream

	mu    sync.Mutex
	holds map[int]*hold
}

// hold is a held device: what will be appended to it, and what it claimed and
// will leave. Without events it is not held.
type hold struct {
	revision eventlog.Revision
	events   []eventlog.NewEvent
	state    device.State // after the events
	claims   *claims
	leaves   []freed
}

func (t *together) run(ctx context.Context) ([]result[device.State], error) {
	devices := make([]uuid.UUID, len(t.open))
	for n, i := range t.open {
		devices[n] = t.items[i].change.holder
	}
	t.revision = eventlog.NoStream
	if err := t.record(ctx, batch.BatchStarted{Batch: t.uid, Devices: devices}); err != nil {
		return nil, busyOnConflict(err)
	}
	held, err := t.holdAll(ctx)
	if err == nil && !refuseAll(held) {
		err = t.commit(ctx)
	} else if err == nil {
		return held, t.undo(ctx)
	}
	if err != nil {
		// Should this fail as well, the processes do it. After an append
		// without an answer it may turn out committed; then it is finished.
		return nil, errors.Join(busyOnConflict(err), t.undo(ctx))
	}
	return t.finish(ctx)
}

// record appends an event to the batch's own stream. Its id is new: of two
// attempts at once only one goes on.
func (t *together) record(ctx context.Context, e domain.Event) (err error) {
	t.revision, _, err = t.app.append(ctx, eventlog.BatchStream(t.uid), t.revision, t.w.once(e))
	return err
}

// holdAll claims what the items need and holds their devices. The first error
// ends it; a refusal does not.
func (t *together) holdAll(ctx context.Context) ([]result[device.State], error) {
	return each(ctx, t.items, func(ctx context.Context, i int) (result[device.State], error) {
		if len(t.results[i].events) == 0 {
			return t.results[i], nil
		}
		c := t.items[i].change
		h := &hold{claims: t.app.claims(t.w, c.holder, c.stream)}
		t.mu.Lock()
		t.holds[i] = h
		t.mu.Unlock()
		done, err := t.app.turns.take(ctx, c.stream)
		if err != nil {
			return result[device.State]{}, err
		}
		defer done()
		for try := range conflictTries {
			r, err := t.hold(ctx, c, h)
			if !errors.Is(err, eventlog.ErrConflict) {
				return r, err
			}
			if err := pause(ctx, try); err != nil {
				return r, err
			}
		}
		return result[device.State]{problems: []domain.Problem{device.Busy()}}, nil
	})
}

func (t *together) hold(ctx context.Context, c change[device.State], h *hold) (result[device.State], error) {
	l, r, err := consider(ctx, t.app, t.w, c)
	if err != nil || len(r.events) == 0 {
		return r, err
	}
	if r.problems, err = h.claims.all(ctx, c.wanted(l.state)); err != nil || len(r.problems) > 0 {
		return r, err
	}
	if h.leaves, err = t.app.before(ctx, c.holder, c.leaves(l.state, r.state)); err != nil {
		return r, err
	}
	var holding []domain.Event
	if holding, r.problems = device.DecideHold(l.state, t.uid); len(r.problems) > 0 {
		return r, nil
	}
	h.revision = l.revision
	for _, e := range holding {
		if h.revision, _, err = t.app.append(ctx, c.stream, l.revision, t.w.once(e)); err != nil {
			return r, err
		}
	}
	h.events, h.state = t.w.events(c.stream, r.events), r.state
	return r, nil
}

// commit writes down what will be appended, and passes the point of no return.
func (t *together) commit(ctx context.Context) error {
	var changes []batch.Change
	for _, i := range t.open {
		h := t.holds[i]
		if len(h.events) == 0 {
			continue // became done meanwhile
		}
		c, err := encodeChange(t.items[i].change.holder, h.revision, h.events)
		if err != nil {
			return err
		}
		changes = append(changes, c)
	}
	for part := range slices.Chunk(changes, preparedPerEvent) {
		if err := t.record(ctx, batch.BatchPrepared{Batch: t.uid, Changes: part}); err != nil {
			return err
		}
	}
	return t.record(ctx, batch.BatchCommitted{Batch: t.uid})
}

// finish appends the changes, also when the caller has gone. Should it die, the
// processes do it.
func (t *together) finish(ctx context.Context) ([]result[device.State], error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSteps)
	defer cancel()
	l, err := t.app.loadBatch(ctx, t.uid)
	if err != nil {
		return nil, err
	}
	done, err := t.app.finishBatch(ctx, l)
	if err != nil {
		return nil, err
	}
	for _, i := range t.open {
		h, r, holder := t.holds[i], &t.results[i], t.items[i].change.holder
		r.done = true
		if len(h.events) > 0 {
			r.state, r.revision, r.position = h.state, done[holder].revision, done[holder].position
		}
		t.app.releaseFreed(ctx, t.w, holder, h.leaves)
	}
	return t.results, nil
}

// undo abandons the batch: what it claimed and held is free again.
func (t *together) undo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSteps)
	defer cancel()
	l, err := t.app.loadBatch(ctx, t.uid)
	if err != nil {
		return err
	}
	if l.state.Phase == batch.Committed {
		_, err := t.app.finishBatch(ctx, l)
		return err
	}
	if err := t.app.abandonBatch(ctx, l); err != nil {
		return err
	}
	for _, h := range t.holds {
		h.claims.giveUp(ctx)
	}
	return nil
}
