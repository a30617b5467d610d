package command

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/batch"
	"github.com/fleetledger/fleetledger/domain/device"
)

// loadedBatch is a batch with the metadata of its start, under which everything
// of it is appended, whoever does it, and with the time of its commit, at which all
// its changes happen: the devices change together for whoever looks back.
type loadedBatch struct {
	eventlog.Loaded[batch.State]
	start     eventlog.Metadata
	committed time.Time
}

// newBatch is a batch that nothing was recorded of.
func newBatch(uid uuid.UUID) loadedBatch {
	return loadedBatch{Loaded: eventlog.Loaded[batch.State]{UID: uid, Revision: eventlog.NoStream}}
}

func (x *Executor) loadBatch(ctx context.Context, uid uuid.UUID) (loadedBatch, error) {
	l, err := eventlog.Load(ctx, x.Log, batch.Aggregate, uid)
	b := loadedBatch{Loaded: l}
	if err == nil && l.Exists() {
		b.start = l.Events[0].Metadata
	}
	var times eventlog.Times
	for _, e := range l.Events {
		at := times.Next(e)
		if _, ok := e.Event.(batch.BatchCommitted); ok {
			b.committed = at
		}
	}
	return b, err
}

// event makes an event with the metadata of a batch's start that happens at an
// instant.
func (b loadedBatch) event(id uuid.UUID, e domain.Event, at time.Time) eventlog.NewEvent {
	m := b.start
	m.SchemaVersion, m.OccurredAt = eventlog.Codec[e.EventType()].Version(), at
	return eventlog.NewEvent{ID: id, Event: e, Metadata: m}
}

// last is when the last event of the batch happened, as far as is known here.
func (b loadedBatch) last() time.Time {
	if at := b.Latest(); at.After(b.committed) {
		return at
	}
	return b.committed
}

// encodeChange writes down what is to be appended to a held device.
func encodeChange(uid uuid.UUID, held eventlog.Revision, events []eventlog.NewEvent) (batch.Change, error) {
	c := batch.Change{Device: uid, Revision: int64(held)}
	for _, e := range events {
		name, version, data, err := eventlog.Codec.Encode(e.Event)
		if err != nil {
			return c, err
		}
		c.Events = append(c.Events, batch.Encoded{ID: e.ID, Type: name, Version: version, Data: data})
	}
	return c, nil
}

// appended is where a change was appended.
type appended struct {
	revision eventlog.Revision
	position eventlog.Position
}

// finishBatch appends what a committed batch has written down, and completes
// it. Ids and revisions stand there, so that whoever does it does the same.
func (x *Executor) finishBatch(ctx context.Context, b loadedBatch) (map[uuid.UUID]appended, error) {
	done := make([]appended, len(b.State.Changes))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(Workers)
	for i, c := range b.State.Changes {
		g.Go(func() (err error) {
			done[i], err = x.appendChange(gctx, c, b)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("finish batch %s: %w", b.UID, err)
	}
	if err := x.endBatch(ctx, b, "completed", batch.DecideComplete); err != nil {
		return nil, err
	}
	byDevice := map[uuid.UUID]appended{}
	for i, c := range b.State.Changes {
		byDevice[c.Device] = done[i]
	}
	return byDevice, nil
}

func (x *Executor) appendChange(ctx context.Context, c batch.Change, b loadedBatch) (appended, error) {
	var events []eventlog.NewEvent
	for _, e := range c.Events {
		event, err := eventlog.Codec.Decode(e.Type, e.Version, e.Data)
		if err != nil {
			return appended{}, err
		}
		events = append(events, b.event(e.ID, event, b.committed))
	}
	revision, position, err := x.Append(ctx, device.Aggregate.Stream(c.Device), eventlog.Revision(c.Revision), events...)
	return appended{revision, position}, err
}

// abandonBatch ends a batch that was not committed and releases its holds. The
// end comes first: from then on nothing of it can be committed.
func (x *Executor) abandonBatch(ctx context.Context, b loadedBatch) error {
	if err := x.endBatch(ctx, b, "abandoned", batch.DecideAbandon); err != nil {
		return err
	}
	return x.releaseHolds(ctx, b, b.State.Devices)
}

// endBatch appends the end of a batch. Its id follows from the batch: whoever
// ends it appends the same.
func (x *Executor) endBatch(ctx context.Context, b loadedBatch, name string, decide Decide[batch.State]) error {
	events, err := decide(b.State)
	if err != nil {
		return err
	}
	for _, e := range events {
		id := uuid.NewSHA1(b.UID, []byte(name))
		end := eventlog.NotBefore(b.last(), b.event(id, e, x.stamp()))
		if _, _, err := x.Append(ctx, batch.Aggregate.Stream(b.UID), b.Revision, end...); err != nil {
			return err
		}
	}
	return nil
}

// releaseHolds releases the holds that an abandoned batch has on devices.
func (x *Executor) releaseHolds(ctx context.Context, b loadedBatch, devices []uuid.UUID) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(Workers)
	for _, uid := range devices {
		g.Go(func() error { return x.releaseHold(ctx, uid, b) })
	}
	return g.Wait()
}

// releaseHold releases the hold of an abandoned batch, if the device has it.
func (x *Executor) releaseHold(ctx context.Context, uid uuid.UUID, b loadedBatch) error {
	stream := device.Aggregate.Stream(uid)
	err := Retry(ctx, "release hold of "+stream, func() error {
		l, err := eventlog.Load(ctx, x.Log, device.Aggregate, uid)
		if err != nil {
			return err
		}
		events, err := device.DecideReleaseHold(l.State, b.UID)
		if err != nil || len(events) == 0 {
			return err
		}
		released := eventlog.NotBefore(l.Latest(), b.event(uuid.New(), events[0], x.stamp()))
		_, _, err = x.Append(ctx, stream, l.Revision, released...)
		return err
	})
	return conflictWhenBusy(err)
}
