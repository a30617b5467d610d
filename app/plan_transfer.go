package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// DefaultPlanLife is how long a plan can be committed.
const DefaultPlanLife = 24 * time.Hour

// perRecord keeps an event of the record of a transfer well below the size the
// store takes, also when many problems were found with each device.
const perRecord = 50

var (
	planTooLarge = domain.Problem{Code: CodePlanTooLarge, Detail: fmt.Sprintf("A plan has at most %d devices.", maxTogether)}
	planExpired  = domain.Problem{
		Code: CodePlanExpired, Detail: "The plan can no longer be committed.",
		Remedies: []domain.Remedy{{Code: "plan_again", Detail: "Make a new plan; it says what would become of the devices now."}},
	}
)

// TransferPlan is a plan as it was made.
type TransferPlan struct {
	transfer.Plan
	CreatedAt time.Time
	Reason    string
	Position  eventlog.Position
}

// PlanTransfer decides a transfer and keeps the verdicts, so that TransferDevices
// can carry out exactly that. Rights are those of a transfer. The plan belongs to
// the caller's own account.
func (a *App) PlanTransfer(ctx context.Context, caller access.Caller, c TransferDevices) (TransferPlan, error) {
	c.Plan, c.DryRun = uuid.Nil, true
	c, err := c.checked(caller)
	if err != nil {
		return TransferPlan{}, err
	}
	if len(c.Devices) > maxTogether {
		return TransferPlan{}, domain.Refuse(at("/devices", []domain.Problem{planTooLarge})...)
	}
	t, err := a.transferring(ctx, caller, c)
	if err != nil {
		return TransferPlan{}, err
	}
	for try := range conflictTries {
		kept, revision, err := a.transferPlan(ctx, t.w.command.ID)
		if err != nil || kept.Complete() { // made by an earlier attempt
			return kept, err
		}
		results, err := a.judgeAll(ctx, t.w, t.bulk().items)
		if err != nil {
			return TransferPlan{}, err
		}
		err = a.keepPlan(ctx, t, caller.Own(), results, revision)
		if err == nil {
			kept, _, err = a.transferPlan(ctx, t.w.command.ID)
		}
		if !errors.Is(err, eventlog.ErrConflict) {
			return kept, err
		}
		if err := pause(ctx, try); err != nil {
			return TransferPlan{}, err
		}
	}
	return TransferPlan{}, fmt.Errorf("plan %s: %w", t.w.command.ID, eventlog.ErrBusy)
}

// keepPlan appends the plan from the given revision on. A plan that is not
// complete, after a crash, is none.
func (a *App) keepPlan(ctx context.Context, t transferring, own uuid.UUID, results []result[device.State], revision eventlog.Revision) error {
	uid := t.w.command.ID
	events := []domain.Event{transfer.TransferPlanned{
		Plan: uid, Account: own, From: t.from.UID, To: t.command.To, Offer: t.command.Offer, Policy: t.policy(),
		Expires: t.w.at.Add(a.planLife), Total: len(results),
	}}
	devices := make([]transfer.Planned, len(results))
	for i, r := range results {
		devices[i] = transfer.Planned{Named: named(t.command.Devices[i]), Problems: r.problems}
		if r.state.Account == t.from.UID || len(r.problems) == 0 {
			devices[i].SerialNumber = r.state.SerialNumber
		}
		if len(r.problems) == 0 {
			devices[i].Resulting = new(r.state.Resulting(a.rules))
		}
	}
	for part := range slices.Chunk(devices, perRecord) {
		events = append(events, transfer.DevicesPlanned{Plan: uid, Devices: part})
	}
	for _, e := range events {
		var err error
		if revision, _, err = a.append(ctx, eventlog.TransferPlanStream(uid), revision, t.w.once(e)); err != nil {
			return err
		}
	}
	return nil
}

// TransferPlan shows a plan to those of the account that made it, as long as
// they may know of the source account.
func (a *App) TransferPlan(ctx context.Context, caller access.Caller, id uuid.UUID) (TransferPlan, error) {
	p, _, err := a.transferPlan(ctx, id)
	if err != nil || !p.Complete() || !caller.Belongs(p.Account) {
		return TransferPlan{}, orNotFound(err)
	}
	set, err := a.access(caller).in(ctx, p.From)
	if err != nil || len(set) == 0 {
		return TransferPlan{}, orNotFound(err)
	}
	return p, nil
}

func (a *App) transferPlan(ctx context.Context, id uuid.UUID) (TransferPlan, eventlog.Revision, error) {
	var p TransferPlan
	revision := eventlog.NoStream
	for e, err := range a.log.ReadStream(ctx, eventlog.TransferPlanStream(id), 0) {
		if err != nil {
			return p, revision, fmt.Errorf("load plan %s: %w", id, err)
		}
		p.Plan, revision, p.Position = transfer.EvolvePlan(p.Plan, e.Event), e.Revision, e.Position
		p.CreatedAt, p.Reason = e.Metadata.OccurredAt.UTC(), e.Metadata.Reason
	}
	return p, revision, nil
}

// planned takes over what the plan says that the command commits, if any.
func (a *App) planned(ctx context.Context, caller access.Caller, c TransferDevices) (TransferDevices, *commit, error) {
	if c.Plan == uuid.Nil {
		return c, nil, nil
	}
	p, err := a.TransferPlan(ctx, caller, c.Plan)
	if err != nil {
		return c, nil, err
	}
	if !a.clock.Now().Before(p.Expires) {
		return c, nil, domain.Refuse(at("/planId", []domain.Problem{planExpired})...)
	}
	c.From, c.To, c.Offer, c.Devices = p.From, p.To, p.Offer, nil
	for _, d := range p.Devices {
		c.Devices = append(c.Devices, d.Name)
	}
	if c.Reason == "" {
		c.Reason = p.Reason
	}
	return c, newCommit(p.Devices), nil
}
