package renewals

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// ordering is an order in the making. Results are one per device of the request,
// in its order: refused, unchanged, or with what the order would do today.
type ordering struct {
	service  *Service
	env      command.Env
	request  Renew
	selected access.Selection
	renew    device.Renew // what it would do to each device
	bulk     command.Bulk // looks at the devices
	uid      uuid.UUID
	found    order.State       // as an earlier attempt at the command has left it
	at       eventlog.Position // where the log was then
}

// consider looks at each device: what the order would do to it, and whether its
// number is free there.
func (o *ordering) consider(ctx context.Context) ([]command.Result[device.State], error) {
	results, err := o.bulk.Results(ctx, o.env)
	if err != nil || o.found.Exists() {
		return results, err
	}
	for chunk := range slices.Chunk(o.lines(results), order.MaxDevices) {
		_, err := command.DryRun(ctx, o.env, command.On(order.Aggregate, o.uid), o.decide(chunk, results))
		if !o.refused(results, err) && err != nil {
			return nil, err
		}
	}
	return results, nil
}

// lines are the devices to order for: those that the order would change.
func (o *ordering) lines(results []command.Result[device.State]) []order.Line {
	var lines []order.Line
	for _, r := range results {
		if len(r.Problems) > 0 || !r.Done {
			continue
		}
		lines = append(lines, order.Line{
			Device: r.UID, SerialNumber: r.Before.SerialNumber, Account: r.Before.Account,
			OldEnd: r.Before.Allocation().Until, NewEnd: r.State.Allocation().Until,
		})
	}
	return lines
}

// decide orders for devices, and approves those that are to be renewed at once.
func (o *ordering) decide(lines []order.Line, results []command.Result[device.State]) command.Decide[order.State] {
	ordered := order.Order{
		UID: o.uid, Account: o.env.Actor.Account, Devices: lines, Term: o.renew.Term, Until: o.renew.Until, Align: o.renew.Align,
		Offer: o.renew.Offer, OrderNumber: o.renew.OrderNumber, Note: o.renew.Note,
	}
	for _, r := range results {
		if r.Before.OrderNumberUsed(o.renew.OrderNumber) {
			ordered.Used = append(ordered.Used, r.UID)
		}
	}
	return func(s order.State) ([]domain.Event, error) {
		events, err := order.DecideOrder(s, ordered)
		var atOnce []uuid.UUID
		for _, l := range lines {
			if o.atOnce(l.Account) {
				atOnce = append(atOnce, l.Device)
			}
		}
		if len(events) == 0 || len(atOnce) == 0 {
			return events, err
		}
		approved, _ := order.DecideApprove(order.Aggregate.Fold(s, events...), atOnce, o.env.Today())
		return append(events, approved...), err
	}
}

// atOnce tells whether what is ordered for devices of an account needs nobody's
// approval.
func (o *ordering) atOnce(account uuid.UUID) bool {
	set, _ := o.selected.In(account)
	return o.selected.Caller.Operator() || o.service.automatic && set.Has(rights.DevicesRenew)
}

// refused refuses the devices that the problems of a decision name, and all
// devices when the request is all or nothing. It is false when there are none.
func (o *ordering) refused(results []command.Result[device.State], err error) bool {
	found := false
	for _, p := range domain.ProblemsOf(err) {
		for i, r := range results {
			if p.Facts["device"] != r.UID.String() || len(r.Problems) > 0 && r.Problems[0].Code == p.Code {
				continue
			}
			results[i].Problems, results[i].Done, found = []domain.Problem{p}, false, true
		}
	}
	if o.request.Atomic {
		command.RefuseAll(results)
	}
	return found
}

// place appends the order and applies what is to be applied at once. Others may
// take its number for some of the devices meanwhile: then it is for the rest.
func (o *ordering) place(ctx context.Context, results []command.Result[device.State]) (command.BulkResult, error) {
	for {
		lines := o.lines(results)
		if len(lines) == 0 && !o.found.Exists() {
			return o.answer(results, nil), nil
		}
		placed, err := command.Execute(ctx, o.env, command.On(order.Aggregate, o.uid), o.decide(lines, results))
		switch {
		case o.refused(results, err):
			continue
		case err != nil:
			return command.BulkResult{}, err
		}
		o.found = placed.Now
		approved := o.found.Approved()
		done, err := o.service.carryOut(ctx, o.env, &o.found, approved, o.request.Atomic)
		if err != nil {
			return command.BulkResult{}, err
		}
		if placed = placed.Caused(order.Aggregate, o.env); len(approved) == 0 { // as it waits, or an earlier attempt has left it
			o.found = placed.State
		}
		o.at = latest(placed.Position, done.position)
		answer := o.answer(results, done.results)
		answer.Position = latest(o.at, answer.Position)
		return answer, o.giveUpIfRefused(ctx, done)
	}
}

// giveUpIfRefused takes back an all-or-nothing order that was refused when it was
// applied: nothing of it is to wait.
func (o *ordering) giveUpIfRefused(ctx context.Context, done carried) error {
	if !o.request.Atomic || !done.refused() {
		return nil
	}
	_, err := command.Execute(ctx, o.env.Step("given up"), command.On(order.Aggregate, o.uid), func(s order.State) ([]domain.Event, error) {
		return order.DecideWithdraw(s, nil, o.env.Actor.Account, o.env.Command.Reason)
	})
	return err
}

// answer tells what became of each device; done are those that the order was
// applied to, or was to be.
func (o *ordering) answer(results []command.Result[device.State], done map[uuid.UUID]command.Result[device.State]) command.BulkResult {
	results = slices.Clone(results)
	renewed := map[int]bool{}
	for i, r := range results {
		d, there := o.found.Device(r.UID)
		applied, carried := done[r.UID]
		switch {
		case carried && !isBusy(applied.Problems):
			results[i] = applied
			renewed[i] = len(applied.Problems) == 0
			results[i].Done = renewed[i]
		case there:
			results[i], renewed[i] = o.placed(d, r)
		case len(r.Problems) > 0:
		case o.found.Exists() && r.Done: // refused by the first attempt at this command
			results[i].Problems = []domain.Problem{device.Busy()}
		case o.found.Exists():
			results[i] = r.AsOf(device.Aggregate, o.at)
		case r.Done: // a dry run
			if renewed[i] = o.atOnce(r.Before.Account); !renewed[i] {
				results[i].State = r.Before
			}
		}
	}
	id := uuid.Nil
	if o.found.Exists() {
		id = o.uid
	}
	answer := o.bulk.Answer(id, results)
	for i := range answer.Results {
		if renewed[i] && answer.Results[i].Outcome == domain.OutcomeOrdered {
			answer.Results[i].Outcome = domain.OutcomeRenewed
		}
	}
	return answer
}

// placed tells what became of a device of the order, by the order, and whether it
// was renewed. One that waits is what it was then.
func (o *ordering) placed(d order.Device, r command.Result[device.State]) (command.Result[device.State], bool) {
	if len(d.Problems) > 0 {
		r.Problems, r.Done = d.Problems, false
		return r, false
	}
	renewed := d.Status == order.Applied || d.Status == order.Reversed
	r = r.AsOf(device.Aggregate, o.at)
	r.Problems, r.Done = nil, true
	return r, renewed
}

func latest(positions ...eventlog.Position) eventlog.Position {
	var last eventlog.Position
	for _, p := range positions {
		if last.Before(p) {
			last = p
		}
	}
	return last
}

func isBusy(problems []domain.Problem) bool {
	return slices.ContainsFunc(problems, func(p domain.Problem) bool { return p.Code == device.Busy().Code })
}
