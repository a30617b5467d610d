package transfers

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// request is a request to move devices from the account that holds them to
// another: a transfer, or the reversal of one. It is what all its devices have in
// common.
type request struct {
	env            command.Env
	rules          device.Rules
	holder         uuid.UUID    // the account that has the devices
	to             device.Owner // the account that is to get them
	devices        []string
	selected       access.Selection
	dryRun, atomic bool
	problems       []domain.Problem                // of the request as a whole; every device is refused with them
	notThere       domain.Problem                  // of a device that does not exist for the caller
	recorded       eventlog.Loaded[transfer.State] // as far as it was read

	// A transfer and a reversal differ in these two.
	decide  command.Decide[device.State] // on a device that is there
	entries entries

	// entitled: the caller has the rights of such a request; else it may still do
	// some of it, such as take back what it has done itself.
	entitled bool
	promises map[uuid.UUID]device.Promise // what the plan has told that the request carries out; nil: there is none
}

// run carries a request out, and answers. What was asked for is recorded before
// the first device moves, and afterwards what became of it; of a dry run nothing, nor
// of what is refused to a caller without the right.
func (r request) run(ctx context.Context) (command.BulkResult, error) {
	b := r.bulk()
	if err := b.Check(); err != nil {
		return command.BulkResult{}, err
	}
	if !r.entitled && !r.dryRun {
		ahead := b
		ahead.DryRun = true
		results, err := ahead.Results(ctx, r.env)
		if err != nil {
			return command.BulkResult{}, err
		}
		if r.judge(results); allRefused(results) {
			return b.Answer(uuid.Nil, results), nil
		}
	}
	rec := record{env: r.env, rules: r.rules, holder: r.holder, entries: r.entries, found: r.recorded}
	if !r.dryRun {
		if err := rec.begin(ctx); err != nil {
			return command.BulkResult{}, err
		}
	}
	results, err := b.Results(ctx, r.env)
	if err != nil {
		return command.BulkResult{}, err
	}
	r.judge(results)
	if !r.dryRun {
		if err := rec.conclude(ctx, results); err != nil {
			return command.BulkResult{}, err
		}
	}
	return b.Answer(r.env.Command.ID, results), nil
}

// allRefused reports whether nothing at all is to be done.
func allRefused(results []command.Result[device.State]) bool {
	return !slices.ContainsFunc(results, func(r command.Result[device.State]) bool { return len(r.Problems) == 0 })
}

// bulk is the command on all devices.
func (r request) bulk() command.Bulk {
	b := command.Bulk{
		Success: domain.OutcomeTransferred, DryRun: r.dryRun, Atomic: r.atomic, Visible: r.selected.Sees,
		Items: make([]command.Item, len(r.devices)),
	}
	seen := command.Duplicates{}
	for i, name := range r.devices {
		b.Items[i] = r.item(name, seen)
	}
	return b
}

func (r request) item(name string, seen command.Duplicates) command.Item {
	item := command.Item{Name: name}
	uid, ok := device.Named(name)
	if !ok {
		item.Problems = []domain.Problem{r.notThere}
		return item
	}
	item.Problems = seen.Check(uid)
	item.Device, item.Decide = r.selected.Device(uid), r.decideOn
	if r.to.Reseller() {
		item.Order = []string{"places"} // the first devices take the free places
	}
	return item
}

// decideOn is the decision on a device, with the problems of the request. A
// device that the caller may not see is not there, unless this request has
// moved it before.
func (r request) decideOn(s device.State) ([]domain.Event, error) {
	if s.Exists() && s.Account != r.holder && !slices.Contains(s.Applied, r.env.Command.ID) {
		_, known := r.selected.In(s.Account)
		switch {
		case !known: // it has moved since the request began
			return r.refuse(nil, device.Busy())
		case !r.selected.Sees(s.Account):
			s = device.Aggregate.New(s.UID)
		}
	}
	events, err := r.decide(s)
	if err != nil || len(r.problems) > 0 {
		return r.refuse(events, domain.ProblemsOf(err)...)
	}
	return events, nil
}

// judge looks at the results of a committed plan, which know also what only a
// claim can tell.
func (r request) judge(results []command.Result[device.State]) {
	for i := range results {
		if uid, ok := device.Named(r.devices[i]); ok && r.promises != nil {
			results[i].Problems = r.promises[uid].Judge(results[i].Problems)
		}
	}
}

// refuse refuses a device with the problems of the request after its own.
func (r request) refuse(events []domain.Event, problems ...domain.Problem) ([]domain.Event, error) {
	return events, domain.Refuse(slices.Concat(problems, r.problems)...)
}
