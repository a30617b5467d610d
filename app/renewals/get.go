package renewals

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Renewed is what a renewal order did to one device: the event as it was
// appended, and when it was reversed, if it was.
type Renewed struct {
	Device     device.State // as it is now
	Renewed    device.ServiceRenewed
	RenewedAt  time.Time
	Actor      domain.Actor
	ReversedAt time.Time // zero: it stands
}

// Get is a page of the devices of a renewal order, by serial number, from their
// streams: those that the caller sees and saw when they were renewed, with
// devices.read. query.ErrNotFound when there is none on the first page.
func (s *Service) Get(ctx context.Context, caller access.Caller, id uuid.UUID, f query.Freshness, page query.Page) (query.List[Renewed], error) {
	var found query.List[Renewed]
	req := s.access.Request(caller)
	scope, err := req.Scope(ctx, rights.DevicesRead, f)
	if err != nil {
		return found, err
	}
	page.Sort = []string{"serialNumber"}
	rows, err := s.reader.Devices(ctx, query.DeviceQuery{Freshness: f, Page: page, Accounts: scope, Applied: id})
	if err != nil {
		return found, err
	}
	found.NextCursor, found.Position = rows.NextCursor, rows.Position
	for _, row := range rows.Items {
		item, seen, err := s.renewed(ctx, req, row.State.UID, id)
		if err != nil {
			return found, err
		}
		if seen {
			found.Items = append(found.Items, item)
		}
	}
	if len(found.Items) == 0 && page.Cursor == "" && found.NextCursor == "" {
		return found, query.ErrNotFound
	}
	return found, nil
}

// renewed finds the renewal in a device's stream. seen: the caller may read the
// account that had the device then.
func (s *Service) renewed(ctx context.Context, req *access.Request, uid, renewal uuid.UUID) (item Renewed, seen bool, err error) {
	l, err := eventlog.Load(ctx, s.executor.Log, device.Aggregate, uid)
	if err != nil {
		return item, false, err
	}
	item.Device = l.State
	then := device.Aggregate.New(uid)
	for _, e := range l.Events {
		then = device.Evolve(then, e.Event)
		switch event := e.Event.(type) {
		case device.ServiceRenewed:
			if event.Renewal != renewal || event.Automatic {
				continue
			}
			set, err := req.In(ctx, then.Account)
			if err != nil {
				return item, false, err
			}
			seen = set.Has(rights.DevicesRead)
			item.Renewed, item.RenewedAt, item.Actor = event, e.Metadata.OccurredAt, e.Metadata.Actor
		case device.RenewalReversed:
			if event.Renewal == renewal {
				item.ReversedAt = e.Metadata.OccurredAt
			}
		}
	}
	return item, seen, nil
}
