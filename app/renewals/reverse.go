package renewals

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Reverse takes back what a renewal order has done, for all devices it was applied
// to or those named.
type Reverse struct {
	command.Command
	Renewal uuid.UUID
	Devices []string // empty: all, up to 1,000
	Atomic  bool
}

// maxReversed is how many devices one reversal is about.
const maxReversed = 1000

var tooManyReversed = domain.Problem{
	Code:   command.CodeBatchTooLarge,
	Detail: fmt.Sprintf("The renewal has more than %d devices: name them, up to so many at a time.", maxReversed),
}

// Reverse takes a renewal order back on the devices it was applied to. The
// operator alone may, and says why. A renewal without a device is
// query.ErrNotFound.
func (s *Service) Reverse(ctx context.Context, caller access.Caller, c Reverse) (command.BulkResult, error) {
	if err := access.OperatorOnly(caller, rights.OrdersManage); err != nil {
		return command.BulkResult{}, err
	}
	if err := c.Check(); err != nil {
		return command.BulkResult{}, err
	}
	var err error
	if c.Reason, err = trimmed(c.Reason); err != nil {
		return command.BulkResult{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	names, err := s.toReverse(ctx, env, c)
	if err != nil {
		return command.BulkResult{}, err
	}
	selected, err := s.access.Request(caller).Select(ctx, names)
	if err != nil {
		return command.BulkResult{}, err
	}
	reversal := device.ReverseRenewal{ID: env.Command.ID, Renewal: c.Renewal}
	answer, err := command.Bulk{
		Items:   items(selected, names, func(d device.State) ([]domain.Event, error) { return device.DecideReverseRenewal(d, reversal) }),
		Success: domain.OutcomeReversed, DryRun: c.DryRun, Atomic: c.Atomic, Visible: selected.Sees,
	}.Run(ctx, env)
	if err != nil || c.DryRun {
		return answer, err
	}
	return s.recordReversal(ctx, env, c, answer)
}

// recordReversal records in the order what was taken back.
func (s *Service) recordReversal(ctx context.Context, env command.Env, c Reverse, answer command.BulkResult) (command.BulkResult, error) {
	var back []uuid.UUID
	for _, r := range answer.Results {
		if uid, ok := device.Named(r.Name); ok && r.Outcome != domain.OutcomeRefused {
			back = append(back, uid)
		}
	}
	recorded, err := s.RecordReversal(ctx, env, c.Renewal, env.Command.ID, back, c.Reason)
	answer.Position = latest(answer.Position, recorded.Position)
	return answer, err
}

// toReverse names the devices to look at: those of the command, or all of the
// renewal. Those that the same command has taken back before belong to them.
func (s *Service) toReverse(ctx context.Context, env command.Env, c Reverse) ([]string, error) {
	l, err := eventlog.Load(ctx, s.executor.Log, order.Aggregate, c.Renewal)
	if err != nil {
		return nil, err
	}
	if !l.State.Exists() {
		return s.toReverseOfBefore(ctx, c)
	}
	named, err := uidsOf(c.Devices)
	if err != nil {
		return nil, err
	}
	if _, err := order.Reversible(l.State, named, c.Reason); err != nil {
		return nil, err
	}
	if len(c.Devices) > 0 {
		return c.Devices, nil
	}
	var names []string
	for _, d := range l.State.Devices {
		if d.Status == order.Applied || d.Status == order.Reversed && d.Reversal == env.Command.ID {
			names = append(names, d.SerialNumber)
		}
	}
	return names, nil
}

// toReverseOfBefore names the devices of a renewal from before there were orders.
func (s *Service) toReverseOfBefore(ctx context.Context, c Reverse) ([]string, error) {
	names, err := s.renewedBy(ctx, c.Renewal)
	switch {
	case err != nil:
		return nil, err
	case len(names) == 0:
		return nil, query.ErrNotFound
	case c.Reason == "":
		return nil, domain.Refuse(order.ReasonMissing())
	case len(c.Devices) > 0:
		names = c.Devices
	}
	if len(names) > maxReversed {
		return nil, domain.Refuse(tooManyReversed)
	}
	return names, nil
}

// renewedBy are the devices that a renewal was applied to, by a read model that
// knows of everything that was appended before.
func (s *Service) renewedBy(ctx context.Context, renewal uuid.UUID) ([]string, error) {
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
			if row.State.WasRenewedBy(renewal) {
				names = append(names, row.State.SerialNumber)
			}
		}
		if q.Cursor = page.NextCursor; q.Cursor == "" {
			return names, nil
		}
	}
}
