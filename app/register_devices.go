package app

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// RegisterDevices registers devices into any accounts whose UID the caller
// knows. It needs devices.register in the account acted for, none in the target.
func (a *App) RegisterDevices(ctx context.Context, caller access.Caller, c RegisterDevices) (BulkResult, error) {
	if err := c.check(); err != nil {
		return BulkResult{}, err
	}
	x := a.access(caller)
	if err := x.write(ctx, caller.Account(), rights.DevicesRegister); err != nil {
		return BulkResult{}, err
	}
	r := registering{app: a, w: a.write(caller, c.Command), acted: caller.Account(), seen: duplicates{}}
	var err error
	if r.owners, err = a.owners(ctx, r.targets(c.Items)); err != nil {
		return BulkResult{}, err
	}
	visible, err := a.visible(ctx, x, slices.Collect(maps.Keys(r.owners)))
	if err != nil {
		return BulkResult{}, err
	}
	b := bulk{success: domain.OutcomeCreated, dryRun: c.DryRun, atomic: c.Atomic, visible: visible}
	for _, item := range c.Items {
		b.items = append(b.items, r.item(item))
	}
	return a.carryOutBulk(ctx, r.w, b)
}

// visible tells in which of the accounts the caller may see devices.
func (a *App) visible(ctx context.Context, x *requestAccess, accounts []uuid.UUID) (func(uuid.UUID) bool, error) {
	if err := x.learn(ctx, accounts); err != nil {
		return nil, err
	}
	return func(uid uuid.UUID) bool {
		set, err := x.in(ctx, uid)
		return err == nil && set.Has(rights.DevicesRead)
	}, nil
}

// registering makes items of the rows of one request.
type registering struct {
	app    *App
	w      write
	acted  uuid.UUID
	owners map[uuid.UUID]device.Owner
	seen   duplicates
}

func (r registering) targets(items []Registration) []uuid.UUID {
	var all []uuid.UUID
	for _, item := range items {
		all = append(all, r.target(item))
	}
	return all
}

func (r registering) target(item Registration) uuid.UUID {
	if item.Account == uuid.Nil {
		return r.acted
	}
	return item.Account
}

// item checks a row and gives all its problems at once.
func (r registering) item(row Registration) bulkItem {
	if row.Unreadable {
		return bulkItem{ref: row.Ref, problems: row.Problems}
	}
	c, problems := r.read(row)
	if c.SerialNumber != "" {
		problems = append(problems, r.seen.check(device.UID(c.SerialNumber))...)
	}
	item := bulkItem{ref: row.Ref, name: row.SerialNumber, problems: slices.Clone(row.Problems)}
	for _, p := range problems {
		known := func(other domain.Problem) bool { return other.Code == p.Code }
		if !slices.ContainsFunc(row.Problems, known) { // found while reading the row already
			item.problems = append(item.problems, p)
		}
	}
	if len(item.problems) > 0 {
		return item
	}
	// What is most likely taken comes first: then nothing was claimed in vain.
	wants := append(r.app.wantsPlace(c.Owner), wantsName(c.Owner.UID, c.Name), wantsFactor(c.Owner.UID, c.Factor))
	item.change = deviceChange(device.UID(c.SerialNumber), func(s device.State) ([]domain.Event, []domain.Problem) {
		return device.DecideRegister(s, c)
	})
	item.change.wants = func(s device.State) []want {
		if s.Exists() && (s.LifeCycle == device.OutOfService || !s.TakenOverBy(c.Owner.UID)) {
			return nil
		}
		return wants
	}
	for _, w := range wants {
		item.lanes = append(item.lanes, w.key.Stream)
	}
	return item
}

func (r registering) read(row Registration) (device.Register, []domain.Problem) {
	c := device.Register{Offer: row.Offer, Owner: r.owners[r.target(row)], Today: r.w.today(), Rules: r.app.rules}
	var problems, p []domain.Problem
	add := func(pointer string, p []domain.Problem) { problems = append(problems, at(pointer, p)...) }

	c.SerialNumber, p = device.NormaliseSerial(row.SerialNumber)
	add("/serialNumber", p)
	if len(p) == 0 {
		c.Model, p = device.RecogniseModel(r.app.catalogue, c.SerialNumber, row.Model)
		add("/model", p)
	}
	c.Factor, p = device.ParseFactor(row.IMEI, row.MAC, row.ESN)
	add("", p)
	if c.Name = c.SerialNumber; row.Name != "" {
		c.Name, _, p = device.NormaliseName(row.Name)
		add("/name", p)
	}
	c.Labels, p = device.NormaliseLabels(row.Labels)
	add("/labels", p)
	c.ICCID, p = device.NormaliseICCID(row.ICCID)
	add("/iccid", p)
	if row.Offer != "" && !row.Offer.Valid() {
		add("/offer", []domain.Problem{offerInvalid})
	}
	c.OrderNumber, p = freeText(row.OrderNumber, maxOrderNumber, CodeOrderInvalid)
	add("/orderNumber", p)
	if c.Owner.Status == "" {
		add("/account", []domain.Problem{device.TargetUnknown()})
	}
	return c, problems
}
