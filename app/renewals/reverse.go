package renewals

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Reverse takes a renewal order back, for all devices it was applied to or those
// named.
type Reverse struct {
	command.Command
	Renewal uuid.UUID
	Devices []string // empty: all, up to 1,000
	DryRun  bool
	Atomic  bool
}

// maxReversed is how many devices one reversal is about.
const maxReversed = 1000

var tooManyReversed = domain.Problem{
	Code:   command.CodeBatchTooLarge,
	Detail: fmt.Sprintf("The renewal has more than %d devices: name them, up to so many at a time.", maxReversed),
}

// Reverse takes a renewal order back on the devices it was applied to, as far as
// the caller sees them; it needs devices.renew in their accounts. A renewal
// without such a device is query.ErrNotFound.
func (s *Service) Reverse(ctx context.Context, caller access.Caller, c Reverse) (command.BulkResult, error) {
	if err := c.Check(); err != nil {
		return command.BulkResult{}, err
	}
	req := s.access.Request(caller)
	if err := req.MayWrite(ctx, rights.DevicesRenew); err != nil {
		return command.BulkResult{}, err
	}
	names, err := s.toReverse(ctx, req, c)
	if err != nil {
		return command.BulkResult{}, err
	}
	selected, err := req.Select(ctx, names)
	if err != nil {
		return command.BulkResult{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	reversal := device.ReverseRenewal{ID: env.Command.ID, Renewal: c.Renewal}
	return command.Bulk{
		Items:   items(selected, names, func(d device.State) ([]domain.Event, error) { return device.DecideReverseRenewal(d, reversal) }),
		Success: domain.OutcomeReversed, DryRun: c.DryRun, Atomic: c.Atomic, Visible: selected.Sees,
	}.Run(ctx, env)
}

// toReverse names the devices to look at: those of the command, or all of the
// renewal that the caller sees.
func (s *Service) toReverse(ctx context.Context, req *access.Request, c Reverse) ([]string, error) {
	names, err := s.seenDevices(ctx, req, c.Renewal)
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, query.ErrNotFound
	}
	if len(c.Devices) > 0 {
		names = c.Devices
	}
	if len(names) > maxReversed {
		return nil, domain.Refuse(tooManyReversed)
	}
	return names, nil
}

// seenDevices are the devices of a renewal that the caller sees, by a read model
// that knows of everything that was appended before.
func (s *Service) seenDevices(ctx context.Context, req *access.Request, renewal uuid.UUID) ([]string, error) {
	fresh, err := query.Latest(ctx, s.executor.Log, s.reader)
	if err != nil {
		return nil, err
	}
	q := query.DeviceQuery{
		Freshness: query.Freshness{MinPosition: fresh}, Page: query.Page{Limit: maxReversed, Sort: []string{"serialNumber"}}, Applied: renewal,
	}
	var names []string
	for {
		page, err := s.reader.Devices(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Items {
			set, err := req.In(ctx, row.State.Account)
			if err != nil {
				return nil, err
			}
			if row.State.WasRenewedBy(renewal) && set.Has(rights.DevicesRead) && req.Caller.ActsFor(row.State.Account) {
				names = append(names, row.State.SerialNumber)
			}
		}
		if q.Cursor = page.NextCursor; q.Cursor == "" {
			return names, nil
		}
	}
}
