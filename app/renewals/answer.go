package renewals

import (
	"context"
	"slices"

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

// Answer is a command on an order that waits, about all of its devices that do,
// or those named.
type Answer struct {
	command.Command
	Renewal uuid.UUID
	Devices []string
	Atomic  bool // of Apply
}

// Apply renews the devices of an order, with the dates of today. The operator
// alone may.
func (s *Service) Apply(ctx context.Context, caller access.Caller, c Answer) (command.BulkResult, error) {
	if err := access.OperatorOnly(caller, rights.OrdersManage); err != nil {
		return command.BulkResult{}, err
	}
	named, err := c.devices()
	if err != nil {
		return command.BulkResult{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	approved, err := c.execute(ctx, env, func(o order.State) ([]domain.Event, error) {
		return order.DecideApprove(o, named, env.Today())
	})
	if err != nil {
		return command.BulkResult{}, err
	}
	o, chosen := approved.Now, named
	if len(chosen) == 0 {
		chosen = c.concerned(approved.State)
	}
	if c.DryRun {
		bulk, err := s.renewing(ctx, o, chosen, c.Atomic)
		if err != nil {
			return command.BulkResult{}, err
		}
		bulk.DryRun, bulk.Visible = true, func(uuid.UUID) bool { return true }
		return bulk.Run(ctx, env)
	}
	open := slices.DeleteFunc(slices.Clone(chosen), func(uid uuid.UUID) bool { return !slices.Contains(o.Approved(), uid) })
	done, err := s.carryOut(ctx, env, &o, open, c.Atomic)
	if err != nil {
		return command.BulkResult{}, err
	}
	approved = approved.Caused(order.Aggregate, env)
	answer, err := s.applied(ctx, env, chosen, done, approved)
	answer.ID, answer.Position = c.Renewal, latest(approved.Position, done.position)
	return answer, err
}

// concerned are the devices of an order that are being applied, or are applied.
func (c Answer) concerned(o order.State) []uuid.UUID {
	var uids []uuid.UUID
	for _, d := range o.Devices {
		if d.Status == order.Applied || !d.ApprovedOn.IsZero() {
			uids = append(uids, d.Device)
		}
	}
	return uids
}

// applied tells what became of the devices that were to be renewed: now, or by an
// earlier attempt at the command, as of which approved is then.
func (s *Service) applied(ctx context.Context, env command.Env, chosen []uuid.UUID, done carried, approved command.Result[order.State]) (command.BulkResult, error) {
	bulk := command.Bulk{Success: domain.OutcomeRenewed, Visible: func(uuid.UUID) bool { return true }}
	results := make([]command.Result[device.State], len(chosen))
	for i, uid := range chosen {
		bulk.Items = append(bulk.Items, command.Item{Name: uid.String()})
		var carried bool
		if results[i], carried = done.results[uid]; carried {
			results[i].Done = len(results[i].Problems) == 0
			continue
		}
		var err error
		if results[i], err = command.DryRun(ctx, env, command.On(device.Aggregate, uid), nothing); err != nil {
			return command.BulkResult{}, err
		}
		if approved.Done && !results[i].Done {
			results[i] = results[i].AsOf(device.Aggregate, approved.Position)
			d, _ := approved.State.Device(uid)
			results[i].Problems = d.Problems // none but those that it was refused with then
		}
	}
	return bulk.Answer(uuid.Nil, results), nil
}

// nothing decides nothing: what is asked is what was done.
func nothing(device.State) ([]domain.Event, error) { return nil, nil }

// Decline says that devices of an order will not be renewed, and why. The operator
// alone may.
func (s *Service) Decline(ctx context.Context, caller access.Caller, c Answer) (command.Receipt, error) {
	if err := access.OperatorOnly(caller, rights.OrdersManage); err != nil {
		return command.Receipt{}, err
	}
	named, err := c.devices()
	if err != nil {
		return command.Receipt{}, err
	}
	return command.Receive(c.execute(ctx, s.executor.Begin(caller.Actor, c.Command), func(o order.State) ([]domain.Event, error) {
		return order.DecideDecline(o, named, c.Reason)
	}))
}

// Withdraw takes back what the caller's account has ordered and nobody has
// answered. An order that the caller does not see is query.ErrNotFound.
func (s *Service) Withdraw(ctx context.Context, caller access.Caller, c Answer) (command.Receipt, error) {
	req := s.access.Request(caller)
	if err := req.MayWrite(ctx, rights.DevicesRenew); err != nil {
		return command.Receipt{}, err
	}
	named, err := c.devices()
	if err != nil {
		return command.Receipt{}, err
	}
	l, err := eventlog.Load(ctx, s.executor.Log, order.Aggregate, c.Renewal)
	if err != nil {
		return command.Receipt{}, err
	}
	seen, err := s.seenLines(ctx, req, l.State)
	switch {
	case err != nil:
		return command.Receipt{}, err
	case len(seen) == 0:
		return command.Receipt{}, query.ErrNotFound
	}
	return command.Receive(c.execute(ctx, s.executor.Begin(caller.Actor, c.Command), func(o order.State) ([]domain.Event, error) {
		return order.DecideWithdraw(o, named, caller.Own(), c.Reason)
	}))
}

// devices checks the command and gives the devices that it names, none for all.
func (c *Answer) devices() ([]uuid.UUID, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	var err error
	if c.Reason, err = trimmed(c.Reason); err != nil {
		return nil, err
	}
	return uidsOf(c.Devices)
}

// trimmed is a reason without what surrounds it.
func trimmed(reason string) (string, error) {
	reason, problems := command.Note(reason) // it was checked to be short enough
	return reason, domain.Refuse(problems...)
}

func (c Answer) execute(ctx context.Context, env command.Env, decide command.Decide[order.State]) (command.Result[order.State], error) {
	return command.Execute(ctx, env, command.On(order.Aggregate, c.Renewal).Shown(), decide)
}
