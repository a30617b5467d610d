package app

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

// RenewedDevice is what a renewal order did to one device: the event as it was
// appended, and when it was reversed, if it was.
type RenewedDevice struct {
	Device     device.State // as it is now
	Renewed    device.ServiceRenewed
	RenewedAt  time.Time
	Actor      domain.Actor
	ReversedAt time.Time // zero: it stands
}

// Renewal is a page of the devices of a renewal order, by serial number, from
// their streams: those that the caller sees and saw when they were renewed, with
// devices.read. ErrNotFound when there is none on the first page.
func (a *App) Renewal(ctx context.Context, caller access.Caller, id uuid.UUID, f query.Freshness, page query.Page) (query.List[RenewedDevice], error) {
	var found query.List[RenewedDevice]
	scope, err := a.scope(ctx, caller, rights.DevicesRead, f)
	if err != nil {
		return found, err
	}
	page.Sort = []string{"serialNumber"}
	rows, err := a.reader.Devices(ctx, query.DeviceQuery{Freshness: f, Page: page, Accounts: scope, Applied: id})
	if err != nil {
		return found, err
	}
	found.NextCursor, found.Position = rows.NextCursor, rows.Position
	x := a.access(caller)
	for _, row := range rows.Items {
		item, ok, err := a.renewedDevice(ctx, x, row.State.UID, id)
		if err != nil {
			return found, err
		}
		if ok {
			found.Items = append(found.Items, item)
		}
	}
	if len(found.Items) == 0 && page.Cursor == "" && found.NextCursor == "" {
		return found, query.ErrNotFound
	}
	return found, nil
}

// renewedDevice finds the renewal in a device's stream, if the caller may see it.
func (a *App) renewedDevice(ctx context.Context, x *requestAccess, uid, renewal uuid.UUID) (RenewedDevice, bool, error) {
	var item RenewedDevice
	var state device.State
	seen := false
	for e, err := range a.log.ReadStream(ctx, eventlog.DeviceStream(uid), 0) {
		if err != nil {
			return item, false, err
		}
		state = device.Evolve(state, e.Event)
		switch event := e.Event.(type) {
		case device.ServiceRenewed:
			if event.Renewal != renewal || event.Automatic {
				continue
			}
			set, err := x.in(ctx, state.Account)
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
	item.Device = state
	return item, seen, nil
}
