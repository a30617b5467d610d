package command

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

// MaxAtomic is how many items can be carried out all or nothing.
const MaxAtomic = 1000

// preparedPerEvent keeps an event with changes well below the size the store takes.
const preparedPerEvent = 100

// LastSteps is the time to finish or undo what was begun when the caller has gone.
const LastSteps = 20 * time.Second

var batchRefused = domain.Problem{Code: CodeBatchRefused, Detail: "Another item of the all-or-nothing request was refused."}

// atomicBatch is one all-or-nothing request after its decisions (see package
// batch): it holds all devices, commits, which is the point of no return, and
// appends.
type atomicBatch struct {
	env     Env
	bulk    Bulk
	changed []int // items that change something
	results []Result[device.State]
	log     loadedBatch

	mu    sync.Mutex
	holds map[int]*hold
	last  time.Time // when the latest event of the batch and its devices happened
}

// hold is a held device: what will be appended to it, and what it has claimed and
// will free. Without events it is not held.
type hold struct {
	revision eventlog.Revision
	events   []eventlog.NewEvent
	after    device.State
	claims   *claims
	freed    []Claim
}

// atomic carries out all items or none.
func (b Bulk) atomic(ctx context.Context, env Env) ([]Result[device.State], error) {
	uid, err := env.nextBatch(ctx)
	if err != nil {
		return nil, err
	}
	results, err := b.LookAhead(ctx, env)
	if err != nil || RefuseAll(results) {
		return results, err
	}
	t := atomicBatch{env: env, bulk: b, results: results, log: newBatch(uid), holds: map[int]*hold{}}
	for i, r := range results {
		if len(r.Events) > 0 {
			t.changed = append(t.changed, i)
		}
	}
	if len(t.changed) == 0 {
		return results, nil
	}
	return t.run(ctx)
}

// RefuseAll makes one refusal the refusal of all, and says whether there was one.
func RefuseAll(results []Result[device.State]) bool {
	refused := slices.ContainsFunc(results, func(r Result[device.State]) bool { return len(r.Problems) > 0 })
	for i := range results {
		if refused && len(results[i].Problems) == 0 {
			results[i] = Result[device.State]{Problems: []domain.Problem{batchRefused}}
		}
	}
	return refused
}

// nextBatch names the batch of this attempt at the command, after earlier ones
// were finished or abandoned. One that is still under way is eventlog.ErrBusy.
func (env Env) nextBatch(ctx context.Context) (uuid.UUID, error) {
	for n := 0; ; {
		uid := env.Derive(fmt.Sprintf("batch/%d", n))
		l, err := env.loadBatch(ctx, uid)
		if err != nil {
			return uid, err
		}
		switch l.State.Phase {
		case "", batch.Completed: // once completed every item is done already
			return uid, nil
		case batch.Abandoned:
			n++
			continue
		}
		if err := env.settle(ctx, l); err != nil {
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

func (t *atomicBatch) run(ctx context.Context) ([]Result[device.State], error) {
	devices := make([]uuid.UUID, len(t.changed))
	for n, i := range t.changed {
		devices[n] = t.bulk.Items[i].Device.uid
	}
	if err := t.record(ctx, batch.BatchStarted{Batch: t.log.UID, Devices: devices}); err != nil {
		return nil, busyOnConflict(err)
	}
	held, err := t.holdAll(ctx)
	if err == nil && !RefuseAll(held) {
		err = t.commit(ctx)
	} else if err == nil {
		return held, t.undo(ctx)
	}
	if err != nil {
		// Should this fail as well, the reactions do it. After an append
		// without an answer it may turn out committed; then it is finished.
		return nil, errors.Join(busyOnConflict(err), t.undo(ctx))
	}
	return t.finish(ctx)
}

// record appends events to the batch's own stream. Their ids are new: of two
// attempts at once only one goes on.
func (t *atomicBatch) record(ctx context.Context, events ...domain.Event) error {
	made := make([]eventlog.NewEvent, len(events))
	for i, e := range events {
		made[i] = t.env.Once(e)
	}
	eventlog.NotBefore(t.last, made...)
	revision, _, err := t.env.Append(ctx, batch.Aggregate.Stream(t.log.UID), t.log.Revision, made...)
	if err != nil {
		return err
	}
	if !t.log.Exists() {
		t.log.start = made[0].Metadata
	}
	t.last = made[len(made)-1].Metadata.OccurredAt
	if _, ok := events[len(events)-1].(batch.BatchCommitted); ok {
		t.log.committed = t.last
	}
	t.log.Revision, t.log.State = revision, batch.Aggregate.Fold(t.log.State, events...)
	return nil
}

// holdAll claims what the items need and holds their devices. The first error
// ends it; a refusal does not.
func (t *atomicBatch) holdAll(ctx context.Context) ([]Result[device.State], error) {
	decided := t.results
	byDevice := map[uuid.UUID]int{}
	for _, i := range t.changed {
		byDevice[t.bulk.Items[i].Device.uid] = i
	}
	return t.bulk.each(ctx, func(ctx context.Context, item Item) (Result[device.State], error) {
		i, changes := byDevice[item.Device.uid]
		if !changes {
			return Result[device.State]{}, nil
		}
		h := &hold{claims: newClaims(t.env, item.Device.uid, item.Device.stream())}
		t.mu.Lock()
		t.holds[i] = h
		t.mu.Unlock()
		unlock, waited, err := t.env.streams.lock(ctx, item.Device.stream())
		if err != nil {
			return Result[device.State]{}, err
		}
		defer unlock()
		if item.Device.loaded = decided[i].loaded; waited {
			item.Device.loaded = nil
		}
		var r Result[device.State]
		err = Retry(ctx, item.Device.stream(), func() (err error) {
			r, err = t.hold(ctx, item, h)
			item.Device.loaded = nil
			return err
		})
		return r, err
	})
}

func (t *atomicBatch) hold(ctx context.Context, item Item, h *hold) (Result[device.State], error) {
	d, err := decideOn(ctx, t.env, item.Device, item.Decide)
	if err != nil {
		return d.result, err
	}
	if len(d.refused) > 0 {
		return d.result.refuse(d.refused)
	}
	r := d.result
	if len(r.Events) == 0 {
		return r, nil
	}
	taken, err := h.claims.all(ctx, d.wanted)
	if err != nil {
		return r, err
	}
	if len(taken) > 0 {
		return r.refuse(taken)
	}
	if h.freed, err = t.env.heldBefore(ctx, item.Device.uid, d.freed); err != nil {
		return r, err
	}
	holding, err := device.DecideHold(r.Before, t.log.UID)
	if err != nil {
		return r.refuse(domain.ProblemsOf(err))
	}
	h.revision = r.Revision
	at := r.loaded.Latest()
	for _, e := range holding {
		held := eventlog.NotBefore(at, t.env.Once(e))
		if h.revision, _, err = t.env.Append(ctx, item.Device.stream(), r.Revision, held...); err != nil {
			return r, err
		}
		at = held[0].Metadata.OccurredAt
	}
	t.happened(at)
	h.events, h.after = t.env.Events(item.Device.stream(), r.Events), r.State
	return r, nil
}

// happened lets the commit come no earlier than an instant.
func (t *atomicBatch) happened(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at.After(t.last) {
		t.last = at
	}
}

// commit writes down what will be appended, and passes the point of no return
// with the last of it.
func (t *atomicBatch) commit(ctx context.Context) error {
	var changes []batch.Change
	for _, i := range t.changed {
		h := t.holds[i]
		if len(h.events) == 0 {
			continue // became done meanwhile
		}
		c, err := encodeChange(t.bulk.Items[i].Device.uid, h.revision, h.events)
		if err != nil {
			return err
		}
		changes = append(changes, c)
	}
	for len(changes) > preparedPerEvent {
		if err := t.record(ctx, batch.BatchPrepared{Batch: t.log.UID, Changes: changes[:preparedPerEvent]}); err != nil {
			return err
		}
		changes = changes[preparedPerEvent:]
	}
	var last []domain.Event
	if len(changes) > 0 {
		last = append(last, batch.BatchPrepared{Batch: t.log.UID, Changes: changes})
	}
	return t.record(ctx, append(last, batch.BatchCommitted{Batch: t.log.UID})...)
}

// finish appends the changes, also when the caller has gone. Should it die, the
// reactions do it.
func (t *atomicBatch) finish(ctx context.Context) ([]Result[device.State], error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), LastSteps)
	defer cancel()
	done, err := t.env.finishBatch(ctx, t.log)
	if err != nil {
		return nil, err
	}
	for _, i := range t.changed {
		h, r := t.holds[i], &t.results[i]
		r.Done = true
		if len(h.events) > 0 {
			r.State, r.Now, r.Revision, r.Position = h.after, h.after, done[r.UID].revision, done[r.UID].position
		}
		t.env.releaseAll(ctx, r.UID, h.freed)
	}
	return t.results, nil
}

// undo abandons the batch: what it claimed and held is free again.
func (t *atomicBatch) undo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), LastSteps)
	defer cancel()
	l, err := t.env.loadBatch(ctx, t.log.UID)
	if err != nil {
		return err
	}
	if l.State.Phase == batch.Committed {
		_, err := t.env.finishBatch(ctx, l)
		return err
	}
	if err := t.env.abandonBatch(ctx, l); err != nil {
		return err
	}
	for _, h := range t.holds {
		h.claims.giveUp(ctx)
	}
	return nil
}
