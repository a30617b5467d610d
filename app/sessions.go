package app

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// CodeSessionRequired says that only who has signed in can do that, no token.
const CodeSessionRequired = "session_required"

// signedIn is the user of the caller's session.
func signedIn(caller access.Caller) (uuid.UUID, error) {
	if caller.Actor.Kind == domain.ActorUser && caller.Session != uuid.Nil {
		if uid, err := uuid.Parse(caller.Actor.ID); err == nil {
			return uid, nil
		}
	}
	return uuid.Nil, domain.Refuse(domain.Problem{Code: CodeSessionRequired, Detail: "Only who has signed in can do that, not a token."})
}

// Sessions are the caller's own that have not ended, newest first.
func (a *App) Sessions(ctx context.Context, caller access.Caller) ([]ports.Session, error) {
	uid, err := signedIn(caller)
	if err != nil {
		return nil, err
	}
	person, err := a.user(ctx, uid)
	if err != nil {
		return nil, err
	}
	all, err := a.people.Store.Sessions(ctx, uid, a.clock.Now())
	return slices.DeleteFunc(all, func(s ports.Session) bool { return s.Credential != person.Credential }), err
}

// EndSession ends one of the caller's own sessions; uuid.Nil is the one the
// caller uses.
func (a *App) EndSession(ctx context.Context, caller access.Caller, id uuid.UUID) error {
	uid, err := signedIn(caller)
	if err != nil {
		return err
	}
	if id == uuid.Nil {
		id = caller.Session
	}
	return a.people.Store.EndSession(ctx, uid, id)
}

// EndSessions ends all of the caller's own sessions, the one it uses too.
func (a *App) EndSessions(ctx context.Context, caller access.Caller) error {
	uid, err := signedIn(caller)
	if err != nil {
		return err
	}
	return a.people.Store.EndSessions(ctx, uid)
}

// Self is the person that a caller is; zero for tokens of accounts and the
// operator.
func (a *App) Self(ctx context.Context, caller access.Caller) (account.Person, error) {
	if caller.Actor.Kind != domain.ActorUser && !caller.Auditor() {
		return account.Person{}, nil
	}
	uid, err := uuid.Parse(caller.Actor.ID)
	if err != nil {
		return account.Person{}, fmt.Errorf("the caller's id: %w", err)
	}
	if caller.Auditor() {
		grant, _, err := a.auditGrant(ctx, uid)
		return grant.Auditor, err
	}
	s, err := a.user(ctx, uid)
	return s.Person, err
}
