package transfers

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// TransferPlan is a plan as it was made.
type TransferPlan struct {
	transfer.Plan
	CreatedAt time.Time
	Reason    string
	Position  eventlog.Position
}

// AsOf is the day that the plan's dates are as of.
func (p TransferPlan) AsOf() calendar.Date {
	if p.Day.IsZero() { // a plan of before says none
		return calendar.DateOf(p.CreatedAt)
	}
	return p.Day
}

// Plan decides a transfer and keeps the verdicts, so that Transfer can carry out
// exactly that. Rights and errors are those of a transfer. The plan belongs to
// the caller's own account, which has so many at most (*TooManyPlans).
func (s *Service) Plan(ctx context.Context, caller access.Caller, c Transfer) (TransferPlan, error) {
	c.Plan, c.DryRun = uuid.Nil, true
	c, err := c.Normalise(caller)
	if err != nil {
		return TransferPlan{}, err
	}
	if len(c.Devices) > command.MaxAtomic {
		return TransferPlan{}, refuseAt("/devices", planTooLarge)
	}
	r, err := s.transferRequest(ctx, s.access.Request(caller), c, nil)
	if err != nil {
		return TransferPlan{}, err
	}
	uid, b := r.env.Command.ID, r.bulk()
	begun := transfer.TransferPlanned{
		Plan: uid, Account: caller.Own(), From: c.From, To: c.To, Offer: c.Offer, Policy: s.policy(),
		Expires: r.env.At.Add(s.plans.Life), Day: r.env.Today(), Total: len(c.Devices),
	}
	if r.env.Command.DryRun {
		if err := s.mayKeepPlan(ctx, caller); err != nil {
			return TransferPlan{}, err
		}
		results, err := b.LookAhead(ctx, r.env)
		if err != nil {
			return TransferPlan{}, err
		}
		plan := transfer.PlanAggregate.Fold(transfer.Plan{}, planned(begun, r.verdicts(results))...)
		return TransferPlan{Plan: plan, CreatedAt: r.env.At, Reason: c.Reason}, nil
	}
	var kept TransferPlan
	err = command.Retry(ctx, "plan "+uid.String(), func() error {
		l, err := s.loadPlan(ctx, uid)
		if err != nil {
			return err
		}
		if l.Revision == eventlog.NoStream {
			if err := s.mayKeepPlan(ctx, caller); err != nil {
				return err
			}
		}
		if !l.State.Complete() { // else an earlier attempt made it
			results, err := b.LookAhead(ctx, r.env)
			if err != nil {
				return err
			}
			if err := keepPlan(ctx, r.env, l.Revision, begun, r.verdicts(results)); err != nil {
				return err
			}
			if l, err = s.loadPlan(ctx, uid); err != nil {
				return err
			}
		}
		kept = planOf(l)
		return nil
	})
	return kept, err
}

// planned takes over what the plan says that the transfer carries out, if any.
func (s *Service) planned(ctx context.Context, req *access.Request, c Transfer) (Transfer, map[uuid.UUID]device.Promise, error) {
	if c.Plan == uuid.Nil {
		return c, nil, nil
	}
	p, err := s.seenPlan(ctx, req, c.Plan, rights.DevicesRead, rights.DevicesTransfer)
	if err != nil {
		return c, nil, err
	}
	if !s.executor.Clock.Now().Before(p.Expires) {
		return c, nil, refuseAt("/planId", planExpired)
	}
	c.From, c.To, c.Offer, c.Devices = p.From, p.To, p.Offer, nil
	for _, d := range p.Devices {
		c.Devices = append(c.Devices, d.Name)
	}
	if c.Reason == "" {
		c.Reason = p.Reason
	}
	return c, p.Promises(calendar.DateOf(p.CreatedAt)), nil
}

// verdicts are what a plan says of each device.
func (r request) verdicts(results []command.Result[device.State]) []transfer.Planned {
	devices := make([]transfer.Planned, len(results))
	for i, name := range named(r.devices) {
		result := results[i]
		devices[i] = transfer.Planned{Named: name, Problems: result.Problems}
		if result.State.Account == r.holder || len(result.Problems) == 0 {
			devices[i].SerialNumber = result.State.SerialNumber
		}
		if len(result.Problems) == 0 {
			devices[i].Resulting = new(result.State.Resulting(r.rules))
		}
	}
	return devices
}

// keepPlan appends a plan from the given revision on. A plan that is not
// complete, after a crash, is none.
func keepPlan(ctx context.Context, env command.Env, revision eventlog.Revision, begun transfer.TransferPlanned, devices []transfer.Planned) error {
	for _, e := range planned(begun, devices) {
		var err error
		if revision, _, err = env.Append(ctx, transfer.PlanAggregate.Stream(begun.Plan), revision, env.Once(e)); err != nil {
			return err
		}
	}
	return nil
}

// planned are the events of a plan.
func planned(begun transfer.TransferPlanned, devices []transfer.Planned) []domain.Event {
	events := []domain.Event{begun}
	for part := range slices.Chunk(devices, perRecord) {
		events = append(events, transfer.DevicesPlanned{Plan: begun.Plan, Devices: part})
	}
	return events
}

// TransferPlan shows a plan to those of the account that made it, as long as
// they have devices.read in the source account, else query.ErrNotFound.
func (s *Service) TransferPlan(ctx context.Context, caller access.Caller, id uuid.UUID) (TransferPlan, error) {
	return s.seenPlan(ctx, s.access.Request(caller), id, rights.DevicesRead)
}

// seenPlan is a plan of the caller's account, with one of some rights in the source
// account.
func (s *Service) seenPlan(ctx context.Context, req *access.Request, id uuid.UUID, either ...rights.Right) (TransferPlan, error) {
	l, err := s.loadPlan(ctx, id)
	if err != nil || !l.State.Complete() || !req.Caller.Belongs(l.State.Account) {
		return TransferPlan{}, access.OrNotFound(err)
	}
	set, err := req.In(ctx, l.State.From)
	if err != nil || !slices.ContainsFunc(either, set.Has) || !actsForEither(req.Caller, l.State.From, l.State.To) {
		return TransferPlan{}, access.OrNotFound(err)
	}
	return planOf(l), nil
}

func (s *Service) loadPlan(ctx context.Context, id uuid.UUID) (eventlog.Loaded[transfer.Plan], error) {
	return eventlog.Load(ctx, s.executor.Log, transfer.PlanAggregate, id)
}

// planOf is a complete plan with what the metadata tell.
func planOf(l eventlog.Loaded[transfer.Plan]) TransferPlan {
	made := l.Events[len(l.Events)-1].Metadata
	return TransferPlan{Plan: l.State, CreatedAt: made.OccurredAt.UTC(), Reason: made.Reason, Position: l.Position}
}
