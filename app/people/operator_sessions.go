package people

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
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
		CreatedAt: now, UsedAt: now, ExpiresAt: now.Add(s.options.SessionLifetime),
	}}
	return in, s.options.Store.CreateSession(ctx, in.Session, access.Hash(in.Token))
}

// OperatorCaller is the operator who has begun a session with the credential;
// query.ErrNotFound when it has ended, or was begun with another one.
func (s *Service) OperatorCaller(ctx context.Context, token string, credential uuid.UUID) (access.Caller, error) {
	session, err := s.options.Store.SessionByHash(ctx, access.Hash(token))
	if err != nil {
		return access.Caller{}, err
	}
	if session.User != operatorUser || session.Credential != credential || !s.now().Before(session.ExpiresAt) {
		return access.Caller{}, query.ErrNotFound
	}
	return access.Caller{Actor: access.OperatorActor, Session: session.ID}, nil
}
