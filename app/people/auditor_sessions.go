package people

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
)

// SignInAsAuditor begins a session of an auditor, who calls with the token of a grant:
// one that lasts no longer than the grant. The grant is the session's user.
func (s *Service) SignInAsAuditor(ctx context.Context, caller access.Caller) (SignedIn, error) {
	if !caller.Auditor() || caller.Credential == uuid.Nil {
		return SignedIn{}, domain.Refuse(auditTokenRequired)
	}
	now := s.now().Truncate(time.Microsecond)
	grant, err := s.activeGrant(ctx, caller.Credential, now)
	if err != nil {
		return SignedIn{}, err
	}
	expires := now.Add(s.options.SessionLifetime)
	if grant.Expires.Before(expires) {
		expires = grant.Expires
	}
	in := SignedIn{Token: access.AuditorSessionPrefix + access.Random(), Session: ports.Session{
		ID: uuid.New(), User: grant.UID, Credential: grant.UID, CreatedAt: now, SignedInAt: now, UsedAt: now, ExpiresAt: expires,
	}}
	if err := s.options.Store.CreateSession(ctx, in.Session, access.Hash(in.Token)); err != nil {
		return SignedIn{}, err
	}
	s.noteToken(ctx, ports.SecuritySignedIn, caller, uuid.Nil, uuid.Nil, byAuditToken)
	return in, nil
}

// AuditorCaller is the auditor of a session, with the accounts that the grant names;
// query.ErrNotFound when the session or the grant has ended.
func (s *Service) AuditorCaller(ctx context.Context, token string) (access.Caller, error) {
	session, err := s.options.Store.SessionByHash(ctx, access.Hash(token))
	if err != nil {
		return access.Caller{}, err
	}
	now := s.now()
	if !now.Before(s.options.ends(session, account.Security{})) {
		return access.Caller{}, query.ErrNotFound
	}
	grant, err := s.activeGrant(ctx, session.Credential, now)
	if err != nil {
		return access.Caller{}, err
	}
	return access.Caller{
		Actor: domain.Actor{Kind: domain.ActorAuditor, ID: grant.UID.String()}, Audits: grant.Accounts, Session: session.ID, UsedAt: noted(session),
	}, nil
}

// activeGrant is a grant that lets its auditor read, else query.ErrNotFound. It is read
// from the log: what was revoked is gone at once.
func (s *Service) activeGrant(ctx context.Context, uid uuid.UUID, now time.Time) (audit.State, error) {
	found, err := eventlog.Load(ctx, s.executor.Log, audit.Aggregate, uid)
	if err == nil && (found.State.UID == uuid.Nil || found.State.StatusAt(now) != audit.Active) {
		err = query.ErrNotFound
	}
	return found.State, err
}
