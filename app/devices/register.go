package devices

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Register registers devices into any accounts.
type Register struct {
	command.Command
	Items  []Registration
	Atomic bool
}

// Registration is one device to register. Exactly one of IMEI, MAC and ESN.
// Account uuid.Nil is the account acted for.
type Registration struct {
	Ref, SerialNumber  string
	IMEI, MAC, ESN     string
	Model, Name        string
	Account            uuid.UUID
	Labels             []string
	Offer              catalogue.Offer
	ICCID, OrderNumber string
	Problems           []domain.Problem // found while reading the row; the item is refused with them
	Unreadable         bool             `json:",omitempty"` // nothing of the row is known but its problems
}

// target is the account that the device is registered into.
func (r Registration) target(acted uuid.UUID) uuid.UUID {
	if r.Account == uuid.Nil {
		return acted
	}
	return r.Account
}

// Register registers devices. It needs devices.register in the account acted for,
// none in the target, which may be any standard account whose UID a reseller
// knows, see targets. What is wrong with an item is told in its result; an error
// means that not all items were looked at, and the command can be repeated.
func (s *Service) Register(ctx context.Context, caller access.Caller, c Register) (command.BulkResult, error) {
	if err := c.Check(); err != nil {
		return command.BulkResult{}, err
	}
	req := s.access.Request(caller)
	if err := req.RequireWrite(ctx, caller.Account(), rights.DevicesRegister); err != nil {
		return command.BulkResult{}, err
	}
	inForce, err := s.catalogue.InForce(ctx)
	if err != nil {
		return command.BulkResult{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	if len(c.Items) == 0 {
		return command.BulkResult{}, domain.Refuse(domain.At("/items", []domain.Problem{device.SelectionEmpty()})...)
	}
	to, err := s.targets(ctx, req, c.Items)
	if err != nil {
		return command.BulkResult{}, err
	}
	b := command.Bulk{Success: domain.OutcomeCreated, DryRun: c.DryRun, Atomic: c.Atomic}
	r := rowReader{
		env: env, catalogue: inForce.Catalogue, rules: s.rules, targets: to, seen: command.Duplicates{},
	}
	for _, row := range c.Items {
		b.Items = append(b.Items, r.item(row))
	}
	return run(ctx, req, env, b, func(i int) bool { return to.hidden(c.Items[i].target(to.acted)) })
}

// run carries out a bulk command. Devices may turn out to be in any account,
// so whether the caller sees them is looked up when that is known. hidden: of an
// item the account is not to be told of.
func run(ctx context.Context, req *access.Request, env command.Env, b command.Bulk, hidden func(i int) bool) (command.BulkResult, error) {
	if err := b.Check(); err != nil {
		return command.BulkResult{}, err
	}
	results, err := b.Results(ctx, env)
	if err != nil {
		return command.BulkResult{}, err
	}
	for i := range results {
		if hidden(i) {
			results[i].Problems = told(results[i].Problems)
		}
	}
	if b.Visible, err = req.Sees(ctx, accountsOf(results)); err != nil {
		return command.BulkResult{}, err
	}
	return b.Answer(env.Command.ID, results), nil
}

func accountsOf(results []command.Result[device.State]) []uuid.UUID {
	accounts := map[uuid.UUID]bool{}
	for _, r := range results {
		accounts[r.State.Account] = true
	}
	return slices.Collect(maps.Keys(accounts))
}
