package eventnode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	groupMaxEvents = 4096
	groupMaxBytes  = 8 << 20
	writeTimeout   = 15 * time.Second
	openTimeout    = 3 * time.Second
	reopenPause    = 200 * time.Millisecond
	heartbeat      = time.Second
)

var (
	errUnavailable = errors.New("the log is not reachable, try again")
	errStopping    = errors.New("the node is stopping")
	errRefusedData = errors.New("the database refused the event")
	errDiskFull    = errors.New("the disk is full") // clients know it by these words
)

// writer is the only goroutine that writes the log.
type writer struct {
	session *session
	store   *store
	tail    *tail
	memory  *generations[[16]byte, storedEvent]
	queue   chan *request
	last    int64     // position of the last event in the log, as of the last open or write
	retryAt time.Time // no earlier attempt to reopen
	full    bool      // the disk was, when last asked; nothing is tried until the heartbeat finds room
	away    bool      // the log is not reachable
	starved func() bool
	log     *slog.Logger
	metrics *metrics
}

// run serves the queue until the context ends or the log is lost, to another node or
// to a restore, which it returns as ErrFenced or ErrSetBack.
func (w *writer) run(ctx context.Context) error {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return w.finish()
		case r := <-w.queue:
			err = w.process(w.collect(r))
		case <-tick.C:
			err = w.check()
		}
		if err != nil {
			w.refuseQueued(err)
			return err
		}
	}
}

// finish writes what was queued before the node began to stop.
func (w *writer) finish() error {
	for {
		select {
		case r := <-w.queue:
			if err := w.process(w.collect(r)); err != nil {
				w.refuseQueued(err)
				return err
			}
		default:
			return nil
		}
	}
}

// collect takes what waits behind the first request, within the limits of a group.
func (w *writer) collect(first *request) []*request {
	group := []*request{first}
	events, bytes := first.weight()
	for events < groupMaxEvents && bytes < groupMaxBytes {
		select {
		case r := <-w.queue:
			group = append(group, r)
			e, b := r.weight()
			events, bytes = events+e, bytes+b
		default:
			return group
		}
	}
	return group
}

// process decides and writes a group and answers it. When the outcome of the write
// is unknown it finds out first. Only an error that is final is returned.
func (w *writer) process(group []*request) error {
	if w.full {
		refuse(group, errDiskFull)
		return nil
	}
	for attempt := 0; ; attempt++ {
		group = dropAbandoned(group)
		p, outcomes, err := w.try(group)
		if final := finalOnly(err); final != nil {
			refuse(group, final)
			return final
		}
		if isDiskFull(err) { // an answer of the server: nothing was written
			w.noteFull(err)
			refuse(group, errDiskFull)
			return nil
		}
		if err != nil {
			written, lost := w.settle(p)
			if lost != nil {
				refuse(group, lost)
				return finalOnly(lost)
			}
			if !written && (attempt > 0 || isDataError(err)) {
				return w.giveUp(group, err)
			}
			if !written {
				continue
			}
		}
		w.publish(p)
		for i, r := range group {
			r.done <- outcomes[i]
		}
		return nil
	}
}

// giveUp refuses a group that cannot be written. What PostgreSQL refuses for its
// content is refused alone: the rest of the group is written without it.
func (w *writer) giveUp(group []*request, cause error) error {
	if !isDataError(cause) {
		w.log.Error("append failed", "error", cause)
		refuse(group, fmt.Errorf("%w: %w", errUnavailable, cause))
		return nil
	}
	if len(group) == 1 {
		refuse(group, fmt.Errorf("%w: %w", errRefusedData, cause))
		return nil
	}
	for _, r := range group {
		if err := w.process([]*request{r}); err != nil {
			return err
		}
	}
	return nil
}

// try decides the group and writes its records. The decision comes back with an error
// too when it was sent, for settle to find out about.
func (w *writer) try(group []*request) (*decision, []outcome, error) {
	if w.session.conn == nil {
		return nil, nil, errUnavailable
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	d, outcomes, err := w.decideAndWrite(ctx, group, true)
	if errors.Is(err, errNotNew) {
		return w.decideAndWrite(ctx, group, false)
	}
	return d, outcomes, err
}

// decideAndWrite is one try, which presumes that streams are new that are expected to be
// or looks all of them up.
func (w *writer) decideAndWrite(ctx context.Context, group []*request, presumes bool) (*decision, []outcome, error) {
	d := &decision{
		ctx: ctx, q: w.session.conn, now: time.Now().Truncate(time.Microsecond), next: w.last + 1,
		memory: w.memory, states: map[string]streamState{}, ids: map[[16]byte]storedEvent{}, presumes: presumes,
	}
	if err := d.load(w.store, group); err != nil {
		return nil, nil, err
	}
	outcomes := make([]outcome, len(group))
	for i, r := range group {
		var err error
		if outcomes[i], err = d.decide(r); err != nil {
			return nil, nil, err
		}
	}
	if len(d.records) == 0 {
		return d, outcomes, nil
	}
	start := time.Now()
	err := w.session.insert(ctx, d.records, d.presumed)
	if !errors.Is(err, errNotNew) {
		w.metrics.observeWrite(len(d.records), time.Since(start), err)
	}
	return d, outcomes, err
}

// settle reopens the log after a failure and says whether the decision was written
// after all. All or nothing of it was, and nobody else can have written since.
func (w *writer) settle(d *decision) (written bool, err error) {
	w.session.close()
	w.store.forget()
	if err := w.reopen(); err != nil {
		return false, err
	}
	if d != nil && len(d.records) > 0 && w.last == d.next-1 {
		return true, nil
	}
	w.catchUp()
	return false, nil
}

// catchUp tells readers about events found in the log that were never published:
// of a write that was reported as failed because its outcome was unknown.
func (w *writer) catchUp() {
	if w.last != w.tail.last() {
		w.tail.reset(w.last)
		w.metrics.observePosition(w.last)
	}
}

// publish makes a committed decision visible.
func (w *writer) publish(d *decision) {
	w.store.committed(d.states)
	if len(d.records) == 0 {
		return
	}
	for id, at := range d.ids {
		w.memory.put(id, at)
	}
	w.last = d.next - 1
	w.tail.publish(d.records)
	w.metrics.observePosition(w.last)
}

// reopen takes the log again after the connection was lost.
func (w *writer) reopen() error {
	if time.Now().Before(w.retryAt) {
		return errUnavailable
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	last, err := w.session.open(ctx)
	if final := finalOnly(err); final != nil {
		return final
	}
	if err != nil {
		w.retryAt = time.Now().Add(reopenPause)
		if isDiskFull(err) || w.starved != nil && w.starved() {
			w.noteFull(err)
			return fmt.Errorf("%w: %w", errDiskFull, err)
		}
		if !w.away { // once for an outage
			w.log.Warn("event log not reachable", "error", err)
		}
		w.away = true
		return fmt.Errorf("%w: %w", errUnavailable, err)
	}
	w.away = false
	w.log.Info("event log opened again", "position", last, "epoch", w.session.epoch)
	w.last = last
	return nil
}

// check is the heartbeat: it notices a lost lock and a log that was set back, and heals
// a lost connection, without waiting for an append.
func (w *writer) check() error {
	if w.session.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
		defer cancel()
		err := w.session.alive(ctx)
		if err == nil && w.full {
			err = w.lookForRoom(ctx)
		}
		if err == nil || finalOnly(err) != nil {
			return err
		}
		if isMissingTable(err) { // being restored: what readers are told from memory may be lost
			w.tail.forget()
		}
		w.session.close()
		w.store.forget()
	}
	if err := w.reopen(); err != nil {
		return finalOnly(err)
	}
	w.catchUp()
	return nil
}
