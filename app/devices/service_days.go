package devices

import (
	"context"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Limits of ServiceDays.
const (
	mostDays  = 2000
	mostNamed = 20
)

// ServiceDays are the days from today on on which services end, in all accounts in
// which the caller has devices.read, an *access.Forbidden where there is none: the
// soonest 2,000, with 20 of the devices each. Total says how many there are.
func (s *Service) ServiceDays(ctx context.Context, caller access.Caller, f query.Freshness) (query.List[query.ServiceDayRow], error) {
	scope, err := s.access.Request(caller).Scope(ctx, rights.DevicesRead, f)
	if err != nil {
		return query.List[query.ServiceDayRow]{}, err
	}
	return s.reader.ServiceDays(ctx, query.ServiceDayQuery{
		Freshness: f, Accounts: scope, Today: calendar.DateOf(f.Instant(s.executor.Clock)), Days: mostDays, Named: mostNamed,
	})
}
