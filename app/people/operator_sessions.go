package people

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// operatorUser is whom a session of the operator is kept for: nobody's uid.
var operatorUser = uuid.Nil

// SignInAsOperator begins a session of the operator, who calls with its own token.
func (s *Service) SignInAsOperator(ctx context.Context, caller access.Caller) (SignedIn, error) {
	if !caller.Operator() || caller.Credential == uuid.Nil {
		return SignedIn{}, domain.Refuse(operatorTokenRequired)
	}
	now := s.now().Truncate(time.Microsecond)
	in := SignedIn{Token: access.OperatorSessionPrefix + access.Random(), Session: ports.Session{
		ID: uuid.New(), User: operatorUser, Credential: caller.Credential,
		CreatedAt: now, SignedInAt: now, UsedAt: now, ExpiresAt: now.Add(s.options.SessionLifetime),
	}}
	if err := s.options.Store.CreateSession(ctx, in.Session, access.Hash(in.Token)); err != nil {
		return SignedIn{}, err
	}
	s.noteToken(ctx, ports.SecuritySignedIn, caller, uuid.Nil, uuid.Nil, byOperatorToken)
	return in, nil
}

// OperatorCaller is the operator who has begun a session; query.ErrNotFound when it, or
// the token that it was begun with, has ended.
func (s *Service) OperatorCaller(ctx context.Context, token string, of access.OperatorOf) (access.Caller, error) {
	session, err := s.options.Store.SessionByHash(ctx, access.Hash(token))
	if err != nil {
		return access.Caller{}, err
	}
	if session.User != operatorUser || !s.now().Before(s.options.ends(session, account.Security{})) {
		return access.Caller{}, query.ErrNotFound
	}
	actor, err := of(ctx, session.Credential)
	if err != nil {
		return access.Caller{}, err
	}
	return access.Caller{Actor: actor, Session: session.ID, SignedIn: session.SignedInAt, UsedAt: noted(session)}, nil
}
