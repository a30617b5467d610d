package partnerships

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// AcceptRequest accepts a request. An empty profile is read-only, whatever the
// reseller proposes; a nil Until is the end that it proposes, a zero one none.
type AcceptRequest struct {
	command.Command
	ID      uuid.UUID
	Profile string
	Until   *time.Time
}

// AcceptRequest makes the reseller that asks a partner, as Establish does. It needs
// partners.edit in the account that was asked, as its own choice; query.ErrNotFound
// for whoever is on neither side.
func (s *Service) AcceptRequest(ctx context.Context, caller access.Caller, c AcceptRequest) (command.Receipt, error) {
	r, err := s.requested(ctx, caller, c.Command, c.ID, asCustomer)
	if err != nil {
		return command.Receipt{}, err
	}
	reseller, err := r.access.Account(ctx, r.reseller)
	if err != nil {
		return command.Receipt{}, err
	}
	held, err := r.access.In(ctx, r.customer)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	refusal := domain.Refuse(cannotPartner(reseller, r.target)...)
	if err := command.UnlessDone(ctx, env, command.Loaded(partnership.Aggregate, r.found), refusal); err != nil {
		return command.Receipt{}, err
	}
	profile := r.target.Profile(cmp.Or(c.Profile, rights.ReadOnly))
	return command.Receive(command.Execute(ctx, env, command.Loaded(partnership.Aggregate, r.found).Shown(), func(p partnership.State) ([]domain.Event, error) {
		until := cmp.Or(p.Request.Until, p.Until) // once accepted, it is the partnership's
		if c.Until != nil {
			until = *c.Until
		}
		events, err := partnership.DecideAccept(p, profile, until, env.At)
		return givenBy(held, profile, events, err)
	}))
}

// DeclineRequest declines a request, with the rights and errors of AcceptRequest.
// The reason is for the reseller to read.
func (s *Service) DeclineRequest(ctx context.Context, caller access.Caller, id uuid.UUID, c command.Command) (command.Receipt, error) {
	return s.endRequest(ctx, caller, id, c, asCustomer, partnership.DecideDecline)
}

// WithdrawRequest takes a request back. It needs partners.edit in the account of the
// reseller that asked.
func (s *Service) WithdrawRequest(ctx context.Context, caller access.Caller, id uuid.UUID, c command.Command) (command.Receipt, error) {
	return s.endRequest(ctx, caller, id, c, asReseller, partnership.DecideWithdrawRequest)
}

func (s *Service) endRequest(ctx context.Context, caller access.Caller, id uuid.UUID, c command.Command, as side,
	decide func(partnership.State, string) ([]domain.Event, error),
) (command.Receipt, error) {
	r, err := s.requested(ctx, caller, c, id, as)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c)
	return command.Receive(command.Execute(ctx, env, command.Loaded(partnership.Aggregate, r.found).Shown(), func(p partnership.State) ([]domain.Event, error) {
		return decide(p, c.Reason)
	}))
}

// side is one of the two of a request.
type side int

const (
	asReseller side = iota
	asCustomer
)

// requested is a request with what was read to decide on it.
type requested struct {
	access             *access.Request
	found              eventlog.Loaded[partnership.State]
	reseller, customer uuid.UUID
	target             account.State // the customer
}

// requested finds a request for whoever may answer it as one side. It is
// query.ErrNotFound for others than the two: also for other partners of the
// customer, whose business it is not.
func (s *Service) requested(ctx context.Context, caller access.Caller, c command.Command, id uuid.UUID, as side) (r requested, err error) {
	if err := c.Check(); err != nil {
		return r, err
	}
	r.access = s.access.Request(caller)
	if r.found, err = eventlog.Load(ctx, s.executor.Log, partnership.Aggregate, id); err != nil {
		return r, err
	}
	p := r.found.State
	r.reseller, r.customer = cmp.Or(p.Request.Reseller, p.Reseller), cmp.Or(p.Request.Customer, p.Customer)
	if r.reseller == uuid.Nil || !caller.Operator() && !isSide(caller, r.reseller) && !isSide(caller, r.customer) {
		return r, query.ErrNotFound
	}
	if r.target, err = r.access.Account(ctx, r.customer); err != nil {
		return r, err
	}
	asked := r.target.Type == account.Standard
	if !asked && !caller.Operator() && !isSide(caller, r.reseller) {
		return r, query.ErrNotFound // nobody has asked a reseller
	}
	answering := r.customer
	if as == asReseller {
		answering = r.reseller
	}
	if !caller.ActsFor(answering) {
		return r, query.ErrNotFound
	}
	err = r.access.RequireOwnChoice(ctx, answering, requestRight)
	switch { // the other side knows of the request
	case !errors.Is(err, query.ErrNotFound) || caller.Operator():
	case caller.Auditor():
		err = &access.Forbidden{Right: requestRight}
	default:
		err = domain.Refuse(notYours(as))
	}
	return r, err
}

// isSide reports whether a caller belongs to an account itself, or is its auditor.
func isSide(caller access.Caller, uid uuid.UUID) bool {
	return caller.Own() == uid || slices.Contains(caller.Audits, uid)
}
