package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

// freeRenewals renews the free terms of resellers' devices, from the last day
// of a term on: one ServiceRenewed per device and period. The read model says
// which devices may be due, their streams decide. Ids follow from device and
// period, and each device's periods are one append at the revision that was
// decided on, so there is no step to die between.
type freeRenewals struct{ app *App }

// Name is that of the actor in the events, too.
func (freeRenewals) Name() string { return "automatic-renewals" }

// NextDue is the beginning of the last day of the term that ends first.
func (f freeRenewals) NextDue(ctx context.Context, p Position) (time.Time, error) {
	first, err := f.page(ctx, DeviceQuery{Freshness: Freshness{MinPosition: p}, Page: Page{Limit: 1}})
	if err != nil || len(first.Items) == 0 || first.Items[0].State.Service.End.IsZero() {
		return time.Time{}, err
	}
	return first.Items[0].State.Service.End.Time(), nil
}

func (f freeRenewals) page(ctx context.Context, q DeviceQuery) (List[DeviceRow], error) {
	q.AutoRenewing, q.Sort = true, []string{"serviceEnd"}
	return f.app.reader.Devices(ctx, q)
}

// RunDue renews what ends on the day of the instant, or has ended before. A
// device that cannot be renewed does not keep the others back.
func (f freeRenewals) RunDue(ctx context.Context, at time.Time, p Position) (Position, error) {
	run := freeRun{freeRenewals: f, today: calendar.DateOf(at)}
	q := DeviceQuery{Freshness: Freshness{MinPosition: p}, Page: Page{Limit: 1000}, ServiceEndTo: run.today}
	for {
		page, err := f.page(ctx, q)
		if err != nil {
			return run.reached, err
		}
		if err := run.renew(ctx, page.Items); err != nil {
			return run.reached, err
		}
		if q.Cursor = page.NextCursor; q.Cursor == "" {
			return run.reached, errors.Join(run.trouble...)
		}
	}
}

// freeRun is one look at all devices that are due.
type freeRun struct {
	freeRenewals
	today calendar.Date

	mu      sync.Mutex
	reached Position
	trouble []error // of single devices
}

func (r *freeRun) renew(ctx context.Context, rows []DeviceRow) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for _, row := range rows {
		g.Go(func() error {
			p, err := r.device(ctx, row.State.UID)
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.reached.Before(p) {
				r.reached = p
			}
			if errors.Is(err, ErrLogUnavailable) || ctx.Err() != nil {
				return err // the others would fare no better
			}
			if err != nil {
				r.trouble = append(r.trouble, fmt.Errorf("device %s: %w", row.State.UID, err))
			}
			return nil
		})
	}
	return g.Wait()
}

// device renews one device, if it is due by its stream. ErrBusy: a batch holds
// it, or others were faster each time.
func (r *freeRun) device(ctx context.Context, uid uuid.UUID) (Position, error) {
	stream := DeviceStream(uid)
	for try := range conflictTries {
		l, err := load(ctx, r.app.log, stream, device.State{UID: uid}, device.Evolve)
		if err != nil {
			return Position{}, err
		}
		events, problems := device.DecideRenew(l.state, device.Renew{Automatic: true, Today: r.today, Rules: r.app.rules})
		if len(problems) > 0 {
			return l.position, errors.Join(ErrBusy, domain.Refuse(problems...))
		}
		if len(events) == 0 {
			return l.position, nil
		}
		_, position, err := r.app.append(ctx, stream, l.revision, r.events(stream, events)...)
		if !errors.Is(err, ErrConflict) {
			return position, err
		}
		if err := pause(ctx, try); err != nil {
			return Position{}, err
		}
	}
	return Position{}, fmt.Errorf("renew %s: %w", stream, ErrBusy)
}

// events gives each renewal the id and the metadata of a command of its own,
// since another run may find another number of periods.
func (r *freeRun) events(stream string, events []domain.Event) []NewEvent {
	system := Caller{Actor: domain.Actor{Kind: domain.ActorSystem, ID: r.Name()}}
	var made []NewEvent
	for _, e := range events {
		renewed, ok := e.(device.ServiceRenewed)
		if !ok {
			continue
		}
		w := r.app.write(system, Command{ID: renewed.Renewal})
		made = append(made, w.events(stream, []domain.Event{e})...)
	}
	return made
}
