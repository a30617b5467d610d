package people

import (
	"context"
	"fmt"
	"net/netip"
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
// may not enter any more, has another password since, or other second factors. What the account asks of
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
	if e.account.Security.SecondFactor && session.Factor == uuid.Nil {
		c = c.WithoutFactor()
	}
	c.UsedAt = noted(session)
	c.Session, c.Credential, c.Factor = session.ID, session.Credential, session.Factor
	c.SignedIn = session.SignedInAt
	return c, err
}

// useGrain is how exactly it is kept when a session or token was used last: not every
// request is worth a write.
const useGrain = time.Minute

// Visitor is who makes a request, as far as the request tells.
type Visitor struct {
	From   netip.Addr
	Client string // a short name
}

func (v Visitor) use(at time.Time) ports.Use {
	use := ports.Use{At: at, Client: v.Client}
	if v.From.IsValid() {
		use.Address = v.From.Unmap().String()
	}
	return use
}

// NoteUse notes that the caller's session or personal token is used, once a minute. A
// use that cannot be noted is none the worse.
func (s *Service) NoteUse(ctx context.Context, caller access.Caller, by Visitor) {
	now := s.now().Truncate(time.Microsecond)
	if !caller.UsedAt.IsZero() && now.Sub(caller.UsedAt) < useGrain {
		return
	}
	var err error
	switch {
	case caller.Session != uuid.Nil:
		err = s.options.Store.UseSession(ctx, caller.Session, by.use(now))
	case caller.Token != uuid.Nil:
		err = s.options.Store.UseToken(ctx, caller.Token, by.use(now))
	}
	if err != nil {
		s.executor.Logger.WarnContext(ctx, "the use of a session or token is not noted", "error", err)
	}
}

// noted is when the use of a session was noted: at its beginning the client is not known.
func noted(session ports.Session) time.Time {
	if session.Client == "" {
		return time.Time{}
	}
	return session.UsedAt
}

// lasts reports whether a session goes on at an instant, by what user and account
// say now.
func (s *Service) lasts(session ports.Session, u user.State, acc account.State, now time.Time) bool {
	return session.Credential == u.Credential && u.Proves(session.Factor) && now.Before(s.options.ends(session, acc.Security)) &&
		(session.AtIssuer || !acc.Security.IssuerOnly)
}

// signedIn is the user of the caller's session, access.ErrFactorRequired where that may
// only set up a second factor.
func signedIn(caller access.Caller) (uuid.UUID, error) {
	if caller.FactorMissing {
		return uuid.Nil, access.ErrFactorRequired
	}
	return settingUp(caller)
}

// settingUp is signedIn for what a session without a required second factor may do, too:
// set one up, and end.
func settingUp(caller access.Caller) (uuid.UUID, error) {
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

// sessionsOf is whose sessions a caller's are: an auditor's are its grant's, too. It
// may end them, which is all that it changes.
func sessionsOf(caller access.Caller) (uuid.UUID, error) {
	if caller.Auditor() && caller.Session != uuid.Nil {
		if grant, err := uuid.Parse(caller.Actor.ID); err == nil {
			return grant, nil
		}
	}
	return settingUp(caller)
}

// Sessions are the caller's own that have not ended, newest first. The caller has
// signed in (CodeSessionRequired).
func (s *Service) Sessions(ctx context.Context, caller access.Caller) ([]ports.Session, error) {
	uid, err := sessionsOf(caller)
	if err != nil {
		return nil, err
	}
	now := s.now()
	all, err := s.options.Store.Sessions(ctx, uid, now)
	if err != nil {
		return nil, err
	}
	if uid == operatorUser || caller.Auditor() {
		return slices.DeleteFunc(all, func(session ports.Session) bool { return !now.Before(s.options.ends(session, account.Security{})) }), nil
	}
	return s.lasting(ctx, uid, all)
}

// lasting are those of a user's sessions that go on, each with when it ends by itself.
func (s *Service) lasting(ctx context.Context, uid uuid.UUID, all []ports.Session) ([]ports.Session, error) {
	e, err := s.entrant(ctx, uid)
	if err != nil || !e.enters() {
		return nil, err
	}
	now := s.now()
	all = slices.DeleteFunc(all, func(session ports.Session) bool { return !s.lasts(session, e.user.State, e.account, now) })
	for i := range all {
		all[i].ExpiresAt = s.options.ends(all[i], e.account.Security)
	}
	return all, nil
}

// EndSession ends one of the caller's own sessions; uuid.Nil is the one the
// caller uses. The caller has signed in (CodeSessionRequired).
func (s *Service) EndSession(ctx context.Context, caller access.Caller, id uuid.UUID) error {
	uid, err := sessionsOf(caller)
	if err != nil {
		return err
	}
	if id == uuid.Nil {
		id = caller.Session
	}
	if err := s.options.Store.EndSession(ctx, uid, id); err != nil {
		return err
	}
	s.noteToken(ctx, ports.SecuritySessionsEnded, caller, caller.Own(), uid, "session "+id.String())
	return nil
}

// EndSessions ends all of the caller's own sessions, or all but the one it uses. The
// caller has signed in (CodeSessionRequired).
func (s *Service) EndSessions(ctx context.Context, caller access.Caller, others bool) error {
	uid, err := sessionsOf(caller)
	if err != nil {
		return err
	}
	but := uuid.Nil
	if others {
		but = caller.Session
	}
	if err := s.options.Store.EndSessions(ctx, uid, time.Time{}, but); err != nil {
		return err
	}
	which := allOfThem
	if others {
		which = "all but one's own"
	}
	s.noteToken(ctx, ports.SecuritySessionsEnded, caller, caller.Own(), uid, which)
	return nil
}

// Self is whom a caller is: zero for tokens of accounts and the operator.
type Self struct {
	Person  account.Person
	Pending PendingEmail
}

// Self is the caller itself, who may be anybody.
func (s *Service) Self(ctx context.Context, caller access.Caller) (Self, error) {
	if caller.Actor.Kind != domain.ActorUser && !caller.Auditor() {
		return Self{}, nil
	}
	uid, err := uuid.Parse(caller.Actor.ID)
	if err != nil {
		return Self{}, fmt.Errorf("the caller's id: %w", err)
	}
	if caller.Auditor() {
		auditor, err := s.auditor(ctx, uid)
		return Self{Person: auditor}, err
	}
	found, err := s.user(ctx, uid)
	return Self{Person: found.State.Person, Pending: s.pendingEmail(found.State)}, err
}

func (s *Service) auditor(ctx context.Context, grant uuid.UUID) (account.Person, error) {
	found, err := eventlog.Load(ctx, s.executor.Log, audit.Aggregate, grant)
	if err == nil && found.State.UID == uuid.Nil {
		err = query.ErrNotFound
	}
	return found.State.Auditor, err
}
