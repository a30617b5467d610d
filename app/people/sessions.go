package people

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/user"
)

// SessionCaller is whoever has signed in with a session's token, with the rights
// of this moment; query.ErrNotFound for a session that has ended, or whose user
// may not enter any more or has another password since. What the account asks of
// sessions holds for those that exist already, too.
func (s *Service) SessionCaller(ctx context.Context, token string) (access.Caller, error) {
	session, err := s.options.Store.SessionByHash(ctx, access.Hash(token))
	if err != nil {
		return access.Caller{}, err
	}
	now := s.now()
	if !now.Before(session.ExpiresAt) {
		return access.Caller{}, query.ErrNotFound
	}
	e, err := s.entrant(ctx, session.User)
	if err == nil && !s.lasts(session, e.user.State, e.account, now) {
		err = query.ErrNotFound
	}
	if err != nil {
		return access.Caller{}, err
	}
	c, err := e.caller()
	if err == nil && now.Sub(session.UsedAt) >= useGrain {
		err = s.options.Store.UseSession(ctx, session.ID, now)
	}
	c.Session = session.ID
	return c, err
}

// useGrain is how exactly it is kept when a session was used last: not every
// request is worth a write.
const useGrain = 10 * time.Second

// lasts reports whether a session goes on at an instant, by what user and account
// say now.
func (s *Service) lasts(session ports.Session, u user.State, acc account.State, now time.Time) bool {
	return session.Credential == u.Credential && now.Before(s.options.ends(session, acc.Security)) &&
		(session.AtIssuer || !acc.Security.IssuerOnly)
}

// signedIn is the user of the caller's session.
func signedIn(caller access.Caller) (uuid.UUID, error) {
	if caller.Operator() && caller.Session != uuid.Nil {
		return operatorUser, nil
	}
	if caller.Actor.Kind == domain.ActorUser && caller.Session != uuid.Nil {
		if uid, err := uuid.Parse(caller.Actor.ID); err == nil {
			return uid, nil
		}
	}
	return uuid.Nil, domain.Refuse(sessionRequired)
}

// Sessions are the caller's own that have not ended, newest first. The caller has
// signed in (CodeSessionRequired).
func (s *Service) Sessions(ctx context.Context, caller access.Caller) ([]ports.Session, error) {
	uid, err := signedIn(caller)
	if err != nil {
		return nil, err
	}
	now := s.now()
	all, err := s.options.Store.Sessions(ctx, uid, now)
	if err != nil || uid == operatorUser {
		return all, err
	}
	e, err := s.entrant(ctx, uid)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(session ports.Session) bool { return !s.lasts(session, e.user.State, e.account, now) })
	for i := range all {
		all[i].ExpiresAt = s.options.ends(all[i], e.account.Security)
	}
	return all, nil
}

// EndSession ends one of the caller's own sessions; uuid.Nil is the one the
// caller uses. The caller has signed in (CodeSessionRequired).
func (s *Service) EndSession(ctx context.Context, caller access.Caller, id uuid.UUID) error {
	uid, err := signedIn(caller)
	if err != nil {
		return err
	}
	if id == uuid.Nil {
		id = caller.Session
	}
	return s.options.Store.EndSession(ctx, uid, id)
}

// EndSessions ends all of the caller's own sessions, the one it uses too. The
// caller has signed in (CodeSessionRequired).
func (s *Service) EndSessions(ctx context.Context, caller access.Caller) error {
	uid, err := signedIn(caller)
	if err != nil {
		return err
	}
	return s.options.Store.EndSessions(ctx, uid)
}

// Self is the person that a caller is; zero for tokens of accounts and the
// operator.
func (s *Service) Self(ctx context.Context, caller access.Caller) (account.Person, error) {
	if caller.Actor.Kind != domain.ActorUser && !caller.Auditor() {
		return account.Person{}, nil
	}
	uid, err := uuid.Parse(caller.Actor.ID)
	if err != nil {
		return account.Person{}, fmt.Errorf("the caller's id: %w", err)
	}
	if caller.Auditor() {
		return s.auditor(ctx, uid)
	}
	found, err := s.user(ctx, uid)
	return found.State.Person, err
}

func (s *Service) auditor(ctx context.Context, grant uuid.UUID) (account.Person, error) {
	found, err := eventlog.Load(ctx, s.executor.Log, audit.Aggregate, grant)
	if err == nil && found.State.UID == uuid.Nil {
		err = query.ErrNotFound
	}
	return found.State.Auditor, err
}
