package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// TransferDevices moves devices between a reseller account and a partnered one.
// It needs devices.transfer in both accounts. From uuid.Nil is the account
// acted for. What was asked for and what became of it is recorded, see Transfer;
// a dry run records nothing.
func (a *App) TransferDevices(ctx context.Context, caller access.Caller, c TransferDevices) (BulkResult, error) {
	c, plan, err := a.planned(ctx, caller, c)
	if err != nil {
		return BulkResult{}, err
	}
	if c, err = c.checked(caller); err != nil {
		return BulkResult{}, err
	}
	t, err := a.transferring(ctx, caller, c)
	if err != nil {
		return BulkResult{}, err
	}
	t.plan = plan
	b := t.bulk()
	if err := b.check(); err != nil {
		return BulkResult{}, err
	}
	var r record
	if !c.DryRun {
		if r, err = a.recordTransfer(ctx, t, caller.Own()); err != nil {
			return BulkResult{}, err
		}
	}
	results, err := a.resultsOf(ctx, t.w, b)
	if err != nil {
		return BulkResult{}, err
	}
	t.plan.compare(results)
	if !c.DryRun {
		if err := r.conclude(ctx, results); err != nil {
			return BulkResult{}, err
		}
	}
	return b.answer(t.w.command.ID, results), nil
}

func (t transferring) bulk() bulk {
	b := bulk{success: domain.OutcomeTransferred, dryRun: t.command.DryRun, atomic: t.command.Atomic, visible: t.visible}
	for _, name := range t.command.Devices {
		b.items = append(b.items, t.item(name))
	}
	return b
}

// checked refuses what is wrong with the request as a whole.
func (c TransferDevices) checked(caller access.Caller) (TransferDevices, error) {
	if err := c.check(); err != nil {
		return c, err
	}
	if c.From == uuid.Nil {
		c.From = caller.Account()
	}
	var problems []domain.Problem
	if c.From == uuid.Nil {
		problems = append(problems, at("/from", []domain.Problem{accountRequired})...)
	}
	if len(c.Devices) == 0 {
		problems = append(problems, at("/devices", []domain.Problem{device.SelectionEmpty()})...)
	}
	if c.Offer != "" && !c.Offer.Valid() {
		problems = append(problems, at("/offer", []domain.Problem{offerInvalid})...)
	}
	return c, domain.Refuse(problems...)
}

// transferring is what all devices of one transfer have in common. Problems are
// those of the request as a whole; every device is refused with them.
type transferring struct {
	app       *App
	w         write
	command   TransferDevices
	plan      *commit // nil: there is none
	from, to  device.Owner
	partnered bool
	problems  []domain.Problem
	visible   func(uuid.UUID) bool
	seen      duplicates
}

func (a *App) transferring(ctx context.Context, caller access.Caller, c TransferDevices) (transferring, error) {
	t := transferring{app: a, w: a.write(caller, c.Command), command: c, seen: duplicates{}}
	x := a.access(caller)
	source, err := x.in(ctx, c.From)
	if err != nil || len(source) == 0 {
		return t, orNotFound(err)
	}
	if err := x.open(ctx, rights.DevicesTransfer); err != nil {
		return t, err
	}
	owners, err := a.owners(ctx, []uuid.UUID{c.From, c.To})
	if err != nil {
		return t, err
	}
	t.from, t.to = owners[c.From], owners[c.To]
	if t.from.Status == "" {
		return t, query.ErrNotFound
	}
	if t.partnered, err = a.partnered(ctx, t.from, t.to); err != nil {
		return t, err
	}
	if t.visible, err = a.visible(ctx, x, []uuid.UUID{c.From, c.To}); err != nil {
		return t, err
	}
	target, err := x.in(ctx, c.To)
	party := t.partnered && (caller.Own() == c.From || caller.Own() == c.To)
	if len(target) == 0 && !party { // the same answer as for an account that is not there
		t.to, t.partnered = device.Owner{UID: c.To}, false
	}
	t.problems = t.together(source, target)
	return t, err
}

// together is what only the use case can say against the two accounts. Where
// the caller has no right because the accounts are strangers, the decision says
// so itself.
func (t transferring) together(source, target rights.Set) []domain.Problem {
	var problems []domain.Problem
	if !source.Has(rights.DevicesTransfer) {
		problems = append(problems, device.MissingRight(string(rights.DevicesTransfer), t.from.UID))
	}
	switch {
	case t.to.Status == "" && len(target) > 0: // the operator, who sees all there is
		problems = append(problems, device.TargetUnknown())
	case t.to.Status == "":
		problems = append(problems, device.TargetUnknown(), device.NotPartnered())
	case t.partnered && !target.Has(rights.DevicesTransfer):
		problems = append(problems, device.MissingRight(string(rights.DevicesTransfer), t.to.UID))
	}
	return problems
}

// partnered reports whether the two accounts have a partnership, whichever of
// them is the reseller.
func (a *App) partnered(ctx context.Context, from, to device.Owner) (bool, error) {
	for _, pair := range [][2]device.Owner{{from, to}, {to, from}} {
		if !pair[0].Reseller() {
			continue
		}
		p, err := a.partnership(ctx, pair[0].UID, pair[1].UID)
		if err != nil || p.ActiveAt(a.clock.Now()) {
			return err == nil, err
		}
	}
	return false, nil
}

// policy is the one the decisions of the transfer follow.
func (t transferring) policy() device.Policy {
	return device.Policy{Name: device.Eligibility, Version: device.EligibilityVersion, Included: t.app.rules.IncludedTransfer}
}

func (t transferring) item(name string) bulkItem {
	item := bulkItem{name: name}
	uid, ok := deviceUID(name)
	if !ok {
		item.problems = []domain.Problem{device.NotFound()}
		return item
	}
	if item.problems = t.seen.check(uid); len(item.problems) > 0 {
		return item
	}
	item.change = deviceChange(uid, t.decide)
	item.change.wants = func(s device.State) []want {
		if s.Account != t.from.UID || s.LifeCycle == device.OutOfService || t.to.Status == "" || t.to.UID == t.from.UID {
			return nil
		}
		return append(t.app.wantsPlace(t.to), wantsName(t.to.UID, s.Name))
	}
	if t.to.Reseller() {
		item.lanes = []string{"places"} // the first devices take the free places
	}
	return item
}

// decide is the decision of the device, with the problems of the request. A
// device that the caller may not see is not there.
func (t transferring) decide(s device.State) ([]domain.Event, []domain.Problem) {
	if !s.Exists() || s.Account != t.from.UID && !t.visible(s.Account) {
		return nil, append([]domain.Problem{device.NotFound()}, t.problems...)
	}
	if t.to.Status == "" { // nothing more can be said
		return nil, t.problems
	}
	model, _ := t.app.catalogue.Model(s.Model) // one that is no more supports no offer
	events, problems := device.DecideTransfer(s, device.Transfer{
		ID: t.w.command.ID, From: t.from, To: t.to, Partnered: t.partnered, Offer: t.command.Offer,
		Model: model, Today: t.w.today(), Rules: t.app.rules,
	})
	if problems = append(problems, t.problems...); len(problems) > 0 {
		return nil, problems
	}
	return t.plan.decide(s, events, t.app.rules)
}
