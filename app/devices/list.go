package devices

import (
	"context"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// List lists devices of all accounts in which the caller has devices.read, an
// *access.Forbidden where there is none. Accounts that the query names narrow
// that down.
func (s *Service) List(ctx context.Context, caller access.Caller, q query.DeviceQuery) (query.List[query.DeviceRow], error) {
	scope, err := s.access.Request(caller).Scope(ctx, rights.DevicesRead, q.Freshness)
	if err != nil {
		return query.List[query.DeviceRow]{}, err
	}
	q.Accounts, q.Today = access.Narrow(scope, q.Accounts), calendar.DateOf(q.Instant(s.executor.Clock))
	q.FreeTerm = s.rules.FreeTermMonths
	found, err := s.reader.Devices(ctx, q)
	if q.Forecast {
		for i := range found.Items {
			found.Items[i].State = found.Items[i].State.Forecast(q.Today, s.rules)
		}
	}
	return found, err
}

// Get is one device, named by uid or serial number, and how far the read model
// was. It needs devices.read in the device's account; query.ErrNotFound when the
// caller does not see it.
func (s *Service) Get(ctx context.Context, caller access.Caller, name string, f query.Freshness) (query.DeviceRow, eventlog.Position, error) {
	uid, ok := device.Named(name)
	if !ok {
		return query.DeviceRow{}, eventlog.Position{}, query.ErrNotFound
	}
	found, err := s.List(ctx, caller, query.DeviceQuery{Freshness: f, Page: query.Page{Limit: 1}, UID: uid})
	if err != nil || len(found.Items) == 0 {
		return query.DeviceRow{}, found.Position, access.OrNotFound(err)
	}
	return found.Items[0], found.Position, nil
}
