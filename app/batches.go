package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/batch"
	"github.com/fleetledger/fleetledger/domain/device"
)

// loadedBatch is a batch with the metadata of its start, under which everything
// of it is appended, whoever does it.
type loadedBatch struct {
	loaded[batch.State]
	start eventlog.Metadata
}

func (a *App) loadBatch(ctx context.Context, uid uuid.UUID) (loadedBatch, error) {
	l := loadedBatch{loaded: loaded[batch.State]{revision: eventlog.NoStream}}
	for e, err := range a.log.ReadStream(ctx, eventlog.BatchStream(uid), 0) {
		if err != nil {
			return l, fmt.Errorf("load batch %s: %w", uid, err)
		}
		if e.Revision == 0 {
			l.start = e.Metadata
		}
		l.state, l.revision = batch.Evolve(l.state, e.Event), e.Revision
	}
	return l, nil
}

// under makes an event with the metadata of a batch's start.
func under(start eventlog.Metadata, id uuid.UUID, e domain.Event) eventlog.NewEvent {
	start.SchemaVersion = eventlog.Codec[e.EventType()].Version()
	return eventlog.NewEvent{ID: id, Event: e, Metadata: start}
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
func (a *App) finishBatch(ctx context.Context, l loadedBatch) (map[uuid.UUID]appended, error) {
	done := make([]appended, len(l.state.Changes))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for i, c := range l.state.Changes {
		g.Go(func() (err error) {
			done[i], err = a.appendChange(gctx, c, l.start)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("finish batch %s: %w", l.state.UID, err)
	}
	for _, e := range batch.DecideComplete(l.state) {
		id := uuid.NewSHA1(l.state.UID, []byte("completed"))
		_, _, err := a.append(ctx, eventlog.BatchStream(l.state.UID), l.revision, under(l.start, id, e))
		if err != nil {
			return nil, err
		}
	}
	byDevice := map[uuid.UUID]appended{}
	for i, c := range l.state.Changes {
		byDevice[c.Device] = done[i]
	}
	return byDevice, nil
}

func (a *App) appendChange(ctx context.Context, c batch.Change, start eventlog.Metadata) (appended, error) {
	var events []eventlog.NewEvent
	for _, e := range c.Events {
		event, err := eventlog.Codec.Decode(e.Type, e.Version, e.Data)
		if err != nil {
			return appended{}, err
		}
		events = append(events, under(start, e.ID, event))
	}
	revision, position, err := a.append(ctx, eventlog.DeviceStream(c.Device), eventlog.Revision(c.Revision), events...)
	return appended{revision, position}, err
}

// abandonBatch ends a batch that was not committed and releases its holds. The
// end comes first: from then on nothing of it can be committed.
func (a *App) abandonBatch(ctx context.Context, l loadedBatch) error {
	for _, e := range batch.DecideAbandon(l.state) {
		id := uuid.NewSHA1(l.state.UID, []byte("abandoned"))
		_, _, err := a.append(ctx, eventlog.BatchStream(l.state.UID), l.revision, under(l.start, id, e))
		if err != nil {
			return err
		}
	}
	return a.releaseHolds(ctx, l, l.state.Devices)
}

// releaseHolds releases the holds that an abandoned batch has on devices.
func (a *App) releaseHolds(ctx context.Context, l loadedBatch, devices []uuid.UUID) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, uid := range devices {
		g.Go(func() error { return a.releaseHold(ctx, uid, l) })
	}
	return g.Wait()
}

// releaseHold releases the hold of an abandoned batch, if the device has it.
func (a *App) releaseHold(ctx context.Context, uid uuid.UUID, b loadedBatch) error {
	stream := eventlog.DeviceStream(uid)
	for try := range conflictTries {
		l, err := load(ctx, a.log, stream, device.State{UID: uid}, device.Evolve)
		if err != nil {
			return err
		}
		events, _ := device.DecideReleaseHold(l.state, b.state.UID)
		if len(events) == 0 {
			return nil
		}
		_, _, err = a.append(ctx, stream, l.revision, under(b.start, uuid.New(), events[0]))
		if !errors.Is(err, eventlog.ErrConflict) {
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
	return fmt.Errorf("release hold of %s: %w", stream, errors.Join(eventlog.ErrBusy, eventlog.ErrConflict))
}
