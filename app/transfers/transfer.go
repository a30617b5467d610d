package transfers

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/catalogues"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/catalogue"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// Transfer moves devices, named by uid or serial number, between a reseller
// account and a partnered one. With a Plan it carries out that plan, and From, To,
// Devices and Offer are the plan's. From uuid.Nil is the account acted for.
type Transfer struct {
	command.Command
	Plan     uuid.UUID // uuid.Nil: none
	From, To uuid.UUID
	Devices  []string
	Offer    catalogue.Offer // empty: the default for the model in the target account
	DryRun   bool
	Atomic   bool
}

// Transfer moves devices between a reseller account and a partnered one. It needs
// devices.transfer where a device leaves, and more into a reseller's account, see
// device.TransferRights; a device is refused with missing_right without.
// query.ErrNotFound: the caller may not know of the source account, it acts for
// neither of the two, or there is no such plan; access.ErrForbidden: it has neither
// devices.transfer nor devices.read there. What was asked for and what became of it is
// recorded, see Get; a dry run records nothing, nor does a caller without the right
// that is refused everything: the answer's ID is uuid.Nil then.
func (s *Service) Transfer(ctx context.Context, caller access.Caller, c Transfer) (command.BulkResult, error) {
	req := s.access.Request(caller)
	c, promises, err := s.planned(ctx, req, c)
	if err != nil {
		return command.BulkResult{}, err
	}
	if c, err = c.Normalise(caller); err != nil {
		return command.BulkResult{}, err
	}
	r, err := s.transferRequest(ctx, req, c, promises)
	if err != nil {
		return command.BulkResult{}, err
	}
	return r.run(ctx)
}

// Normalise refuses what is wrong with a transfer as a whole, and fills in the
// account that the caller acts for.
func (c Transfer) Normalise(caller access.Caller) (Transfer, error) {
	if err := c.Check(); err != nil {
		return c, err
	}
	if c.From == uuid.Nil {
		c.From = caller.Account()
	}
	var problems []domain.Problem
	if c.From == uuid.Nil {
		problems = append(problems, domain.At("/from", []domain.Problem{access.AccountRequired})...)
	}
	if len(c.Devices) == 0 {
		problems = append(problems, domain.At("/devices", []domain.Problem{device.SelectionEmpty()})...)
	}
	if c.Offer != "" && !c.Offer.Valid() {
		problems = append(problems, domain.At("/offer", []domain.Problem{catalogue.OfferInvalid()})...)
	}
	return c, domain.Refuse(problems...)
}

// transferRequest reads all that the decisions of a transfer rest on. promises are
// those of the plan that it carries out, nil without one.
func (s *Service) transferRequest(ctx context.Context, req *access.Request, c Transfer, promises map[uuid.UUID]device.Promise) (request, error) {
	between, err := s.accountsOf(ctx, req, c)
	if err != nil {
		return request{}, err
	}
	selected, err := req.Select(ctx, c.Devices, c.From, c.To)
	if err != nil {
		return request{}, err
	}
	inForce, err := s.catalogue.InForce(ctx)
	if err != nil {
		return request{}, err
	}
	r := request{
		env: s.executor.Begin(req.Caller.Actor, c.Command), rules: s.rules,
		holder: c.From, to: between.to, devices: c.Devices, selected: selected, dryRun: c.DryRun, atomic: c.Atomic,
		entitled: between.source.Has(rights.DevicesTransfer),
		problems: between.problems(req.Caller), notThere: device.NotFound(), promises: promises,
	}
	r.decide = s.transferDecision(r, inForce, between, c.Offer)
	r.recorded = notRecorded(r.env.Command.ID)
	r.entries = transferEntries{names: c.Devices, TransferRequested: transfer.TransferRequested{
		Transfer: r.env.Command.ID, Account: req.Caller.Own(), From: c.From, To: c.To, Offer: c.Offer,
		Plan: c.Plan, Atomic: c.Atomic, Policy: s.policy(), Devices: named(c.Devices),
	}}
	return r, nil
}

// transferDecision decides the transfer of one device.
func (s *Service) transferDecision(r request, inForce catalogues.InForce, between accounts, offer catalogue.Offer) command.Decide[device.State] {
	by := device.Mover{
		Actor: r.env.Actor, Source: between.source.Has(rights.DevicesTransfer), Target: between.target.Has(rights.DevicesTransfer),
	}
	return func(d device.State) ([]domain.Event, error) {
		promise, planned := r.promises[d.UID]
		if between.to.Status == "" { // the problems of the request say all there is to say
			if planned && !slices.Equal(codesOf(promise.Problems), codesOf(r.problems)) {
				var promised device.Resulting
				if promise.Resulting != nil {
					promised = *promise.Resulting
				}
				return nil, domain.Refuse(device.ChangedSincePlan(promised, device.Resulting{}))
			}
			return nil, nil
		}
		model, _ := inForce.Model(d.Model) // one that no longer exists supports no offer
		c := device.Transfer{
			ID: r.env.Command.ID, From: between.from, To: between.to, By: by, Partnered: between.partnered, Offer: offer,
			Model: model, Today: r.env.Today(), Rules: s.rules,
		}
		var events []domain.Event
		var err error
		if planned {
			events, err = device.DecidePlanned(d, c, promise)
		} else {
			events, err = device.DecideTransfer(d, c)
		}
		between.tell(domain.ProblemsOf(err))
		return events, err
	}
}

// policy is the one that the decisions of a transfer follow.
func (s *Service) policy() device.Policy {
	return device.Policy{Name: device.Eligibility, Version: device.EligibilityVersion, Included: s.rules.IncludedTransfer}
}

// accounts are the two accounts of a transfer, as far as the caller may know of
// them, and what it may do there.
type accounts struct {
	from, to       device.Owner
	partnered      bool
	source, target rights.Set
	names          map[string]string // of those that the caller may know of, by uid
}

// tell has problems say by name in which account a right is missing.
func (a accounts) tell(problems []domain.Problem) {
	for i, p := range problems {
		right, name := p.Facts["right"], a.names[p.Facts["account"]]
		if name != "" && p.Detail == device.MissingRight(right, uuid.Nil).Detail {
			problems[i].Detail = fmt.Sprintf("Needs %s in %s.", right, name)
		}
	}
}

// accountsOf reads the accounts of a transfer. A target account that the caller
// may not know of gets the same answer as one that does not exist.
func (s *Service) accountsOf(ctx context.Context, req *access.Request, c Transfer) (accounts, error) {
	var a accounts
	var err error
	if a.source, err = req.In(ctx, c.From); err != nil || len(a.source) == 0 || !actsForEither(req.Caller, c.From, c.To) {
		return a, access.OrNotFound(err)
	}
	if !a.source.Has(rights.DevicesRead) { // then without the right nothing of the devices is told
		if err := req.Require(ctx, c.From, rights.DevicesTransfer); err != nil {
			return a, err
		}
	}
	if err := req.MayWrite(ctx, rights.DevicesTransfer); err != nil {
		return a, err
	}
	owners, err := req.Owners(ctx, []uuid.UUID{c.From, c.To})
	if err != nil {
		return a, err
	}
	if a.from, a.to = owners[c.From], owners[c.To]; a.from.Status == "" {
		return a, query.ErrNotFound
	}
	if a.partnered, err = req.Partnered(ctx, a.from, a.to); err != nil {
		return a, err
	}
	if a.target, err = req.In(ctx, c.To); err != nil {
		return a, err
	}
	own := req.Caller.Own()
	if party := a.partnered && (own == c.From || own == c.To); len(a.target) == 0 && !party {
		a.to, a.partnered = device.Owner{UID: c.To}, false
	}
	a.names = map[string]string{}
	for _, o := range []device.Owner{a.from, a.to} {
		if o.Status == "" {
			continue
		}
		s, err := req.Account(ctx, o.UID)
		if err != nil {
			return a, err
		}
		a.names[o.UID.String()] = s.Name
	}
	return a, nil
}

// actsForEither reports whether a transfer between two accounts is meant by a
// caller that names the account it acts for.
func actsForEither(c access.Caller, from, to uuid.UUID) bool { return c.ActsFor(from) || c.ActsFor(to) }

// problems are what stands against a target account that the caller may not know
// of. All else is said by the decision.
func (a accounts) problems(caller access.Caller) []domain.Problem {
	if a.to.Status != "" {
		return nil
	}
	var problems []domain.Problem
	if !a.source.Has(rights.DevicesTransfer) {
		problems = append(problems, device.MissingRight(string(rights.DevicesTransfer), a.from.UID))
	}
	problems = append(problems, device.TargetUnknown())
	if !caller.Operator() { // the operator sees all there is
		problems = append(problems, device.NotPartnered())
	}
	a.tell(problems)
	return problems
}
