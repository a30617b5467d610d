package securitylog

import (
	"context"
	"errors"
	"net/netip"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Service has the use cases. It is safe for concurrent use.
type Service struct {
	access *access.Control
	log    ports.SecurityLog
}

// New makes the service.
func New(a *access.Control, log ports.SecurityLog) *Service { return &Service{access: a, log: log} }

// List is a page of the security log: of the account that is asked for or acted for,
// which needs users.manage there; of everything for the operator who names none.
func (s *Service) List(ctx context.Context, caller access.Caller, q ports.SecurityQuery) (query.List[ports.SecurityEntry], error) {
	if q.Account == nil && (!caller.Operator() || caller.ActingFor != uuid.Nil) {
		q.Account = new(caller.Account())
	}
	if q.Account != nil {
		if err := s.access.Request(caller).Require(ctx, *q.Account, rights.UsersManage); err != nil {
			return query.List[ports.SecurityEntry]{}, err
		}
	}
	return s.log.Entries(ctx, q)
}

// OperatorToken notes that the operator's own token is used, from an address.
func (s *Service) OperatorToken(ctx context.Context, caller access.Caller, from netip.Addr) {
	if caller.Operator() && caller.Session == uuid.Nil {
		s.log.Note(ctx, ports.SecurityEntry{Kind: ports.SecurityOperatorToken, Actor: caller.Actor, From: from})
	}
}

// Refused notes that a caller was refused for want of a right or a second factor, or
// since the account is not to be used from an address. Other errors are none of it.
func (s *Service) Refused(ctx context.Context, caller access.Caller, from netip.Addr, err error) {
	e := ports.SecurityEntry{Kind: ports.SecurityRefused, Account: caller.Own(), Actor: caller.Actor, From: from}
	forbidden, lacks := errors.AsType[*access.Forbidden](err)
	switch {
	case lacks:
		e.Why = string(forbidden.Right)
	case errors.Is(err, access.ErrForbidden):
	case errors.Is(err, access.ErrFactorRequired):
		e.Why = "second_factor_required"
	case errors.Is(err, access.ErrAddressNotAdmitted):
		e.Why = "address_not_admitted"
	default:
		refusal, refused := errors.AsType[*domain.Refusal](err)
		if !refused || len(refusal.Problems) == 0 || refusal.Problems[0].Kind != domain.Forbidden {
			return
		}
		e.Why = refusal.Problems[0].Code
	}
	if caller.Actor.Kind == domain.ActorUser {
		e.User, _ = uuid.Parse(caller.Actor.ID)
	}
	s.log.Note(ctx, e)
}
