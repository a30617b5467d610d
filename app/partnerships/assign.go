package partnerships

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Assign chooses what a reseller's users may do in a customer's account, and
// until when. An empty profile stays as it is, and so does an end that is nil; a
// zero one takes the end away.
type Assign struct {
	command.Command
	Reseller, Customer uuid.UUID
	Profile            string
	Until              *time.Time
}

// Assign changes the profile and the end of a partnership, both or neither. It
// needs partners.edit in the customer's account, as the customer's own choice, and
// all that the reseller gains (access.CodeRightNotHeld); query.ErrNotFound when the two
// are not partners.
func (s *Service) Assign(ctx context.Context, caller access.Caller, c Assign) (command.Receipt, error) {
	req := s.access.Request(caller)
	if err := requireChoice(ctx, req, c.Customer, c.Command); err != nil {
		return command.Receipt{}, err
	}
	customer, err := req.Account(ctx, c.Customer)
	if err != nil {
		return command.Receipt{}, err
	}
	held, err := req.In(ctx, c.Customer)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	assign := func(p partnership.State) ([]domain.Event, error) {
		events, err := c.decide(p, customer, env.At)
		if given := c.giving(p, customer, held); err == nil && len(given) > 0 {
			return nil, domain.Refuse(given...)
		}
		return events, err
	}
	return command.Receive(command.Execute(ctx, env, between(c.Reseller, c.Customer), assign))
}

func (c Assign) decide(p partnership.State, customer account.State, now time.Time) ([]domain.Event, error) {
	if !p.ActiveAt(now) {
		return nil, query.ErrNotFound
	}
	var events []domain.Event
	var problems []domain.Problem
	if c.Profile != "" {
		assigned, err := partnership.DecideAssign(p, customer.Profile(c.Profile), now)
		events, problems = append(events, assigned...), append(problems, domain.At("/profile", domain.ProblemsOf(err))...)
	}
	if c.Until != nil {
		set, err := partnership.DecideSetEnd(p, *c.Until, now)
		events, problems = append(events, set...), append(problems, domain.At("/until", domain.ProblemsOf(err))...)
	}
	return events, domain.Refuse(problems...)
}

// giving is what stands against what the reseller is given: another profile, or the
// one it has for longer.
func (c Assign) giving(p partnership.State, customer account.State, held rights.Set) []domain.Problem {
	had, given := customer.Profile(p.Profile).Rights, customer.Profile(cmp.Or(c.Profile, p.Profile)).Rights
	if c.Until != nil && !p.Until.IsZero() && (c.Until.IsZero() || c.Until.After(p.Until)) {
		return access.Giving(given, nil, held, "/until")
	}
	return access.Giving(given, had, held, "/profile")
}

// End ends a reseller's access to a customer's account at once, with the rights
// and errors of Assign. Devices stay where they are.
func (s *Service) End(ctx context.Context, caller access.Caller, reseller, customer uuid.UUID, c command.Command) (command.Receipt, error) {
	if err := requireChoice(ctx, s.access.Request(caller), customer, c); err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c)
	end := func(p partnership.State) ([]domain.Event, error) {
		if !p.ActiveAt(env.At) {
			return nil, query.ErrNotFound
		}
		return partnership.DecideEnd(p, c.Reason, env.At)
	}
	return command.Receive(command.Execute(ctx, env, between(reseller, customer), end))
}
