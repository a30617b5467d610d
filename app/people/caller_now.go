package people

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// CallerNow is a caller of before with the rights of this moment, for work that goes
// on without it; query.ErrNotFound for one who would not be let in any more: a user
// who may not enter or has not the second factor that the account requires, a token that has ended or expired. That a session has
// ended says nothing about its user.
func (s *Service) CallerNow(ctx context.Context, before access.Caller) (access.Caller, error) {
	var now access.Caller
	var err error
	switch before.Actor.Kind {
	case domain.ActorOperator:
		return before, s.stillOperator(ctx, before.Actor)
	case domain.ActorUser:
		now, err = s.userNow(ctx, before)
	case domain.ActorToken:
		now, err = s.accountTokenNow(ctx, before)
	default:
		err = query.ErrNotFound
	}
	now.ActingFor, now.Session = before.ActingFor, before.Session
	return now, err
}

// stillOperator gives query.ErrNotFound for an operator who was removed.
func (s *Service) stillOperator(ctx context.Context, a domain.Actor) error {
	if s.options.Operators == nil || a.ID == access.OperatorActor.ID {
		return nil
	}
	removed, err := s.options.Operators.Removed(ctx, a.ID, s.now())
	if err == nil && removed {
		err = query.ErrNotFound
	}
	return err
}

func (s *Service) userNow(ctx context.Context, before access.Caller) (access.Caller, error) {
	uid, err := uuid.Parse(before.Actor.ID)
	if err != nil {
		return access.Caller{}, query.ErrNotFound
	}
	e, err := s.entrant(ctx, uid)
	if err != nil {
		return access.Caller{}, err
	}
	if before.Token == uuid.Nil {
		if e.account.Security.SecondFactor && len(e.user.State.Factors) == 0 {
			return access.Caller{}, query.ErrNotFound // may only set one up
		}
		c, err := e.caller()
		if err == nil && before.Limit != nil { // kept by a version that did not name the token
			c = limited(c, before.Limit)
		}
		return c, err
	}
	all, err := s.options.Store.Tokens(ctx, uid)
	if err != nil {
		return access.Caller{}, err
	}
	i := slices.IndexFunc(all, func(t ports.PersonalToken) bool { return t.ID == before.Token })
	if i < 0 || !s.now().Before(all[i].ExpiresAt) || !goesOn(all[i].Credential, e.user.State) {
		return access.Caller{}, query.ErrNotFound
	}
	return e.callerWith(all[i])
}

func (s *Service) accountTokenNow(ctx context.Context, before access.Caller) (access.Caller, error) {
	all, err := s.options.Tokens.List(ctx, before.Own())
	if err != nil {
		return access.Caller{}, err
	}
	i := slices.IndexFunc(all, func(t ports.AccountToken) bool { return t.ID.String() == before.Actor.ID })
	if i < 0 || !all[i].Usable(s.now()) {
		return access.Caller{}, query.ErrNotFound
	}
	c := access.Caller{Actor: before.Actor, Administrator: all[i].Administrator, Rights: rights.Administrator()}
	if !c.Administrator {
		c.Rights, err = s.access.ProfileRights(ctx, c.Own(), all[i].Profile)
	}
	return c, err
}
