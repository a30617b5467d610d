package people

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
)

// What lets a user in is seen and ended by the user, and by whoever manages the account's
// users: all of these need users.manage in the account, and are query.ErrNotFound for a
// user of another one. Ending is no giving: it needs no fresh sign-in.

// SessionsOfUser are the sessions of a user that have not ended, newest first.
func (s *Service) SessionsOfUser(ctx context.Context, caller access.Caller, c UserCommand) ([]ports.Session, error) {
	if _, _, err := s.managed(ctx, caller, c); err != nil {
		return nil, err
	}
	all, err := s.options.Store.Sessions(ctx, c.User, s.now())
	if err != nil {
		return nil, err
	}
	return s.lasting(ctx, c.User, all)
}

// EndSessionOfUser ends a session of a user.
func (s *Service) EndSessionOfUser(ctx context.Context, caller access.Caller, c UserCommand, session uuid.UUID) error {
	if _, _, err := s.managed(ctx, caller, c); err != nil {
		return err
	}
	err := s.options.Store.EndSession(ctx, c.User, session)
	return s.ended(ctx, ports.SecuritySessionsEnded, caller, c, "session "+session.String(), err)
}

// EndSessionsOfUser ends all sessions of a user.
func (s *Service) EndSessionsOfUser(ctx context.Context, caller access.Caller, c UserCommand) error {
	if _, _, err := s.managed(ctx, caller, c); err != nil {
		return err
	}
	err := s.options.Store.EndSessions(ctx, c.User, time.Time{}, uuid.Nil)
	return s.ended(ctx, ports.SecuritySessionsEnded, caller, c, allOfThem, err)
}

// TokensOfUser are the personal tokens of a user that have not ended, newest first;
// expired ones are among them.
func (s *Service) TokensOfUser(ctx context.Context, caller access.Caller, c UserCommand) ([]ports.PersonalToken, error) {
	if _, _, err := s.managed(ctx, caller, c); err != nil {
		return nil, err
	}
	return s.tokensOf(ctx, c.User)
}

// RevokeTokenOfUser makes a personal token of a user useless.
func (s *Service) RevokeTokenOfUser(ctx context.Context, caller access.Caller, c UserCommand, token uuid.UUID) error {
	if _, _, err := s.managed(ctx, caller, c); err != nil {
		return err
	}
	err := s.options.Store.RevokeToken(ctx, c.User, token)
	return s.ended(ctx, ports.SecurityTokenEnded, caller, c, "personal "+token.String(), err)
}

// RevokeTokensOfUser makes all personal tokens of a user useless.
func (s *Service) RevokeTokensOfUser(ctx context.Context, caller access.Caller, c UserCommand) error {
	if _, _, err := s.managed(ctx, caller, c); err != nil {
		return err
	}
	_, err := s.options.Store.RevokeTokens(ctx, c.User, time.Time{}, uuid.Nil)
	return s.ended(ctx, ports.SecurityTokenEnded, caller, c, allOfThem, err)
}

// allOfThem is the reason of an entry about all that a user has.
const allOfThem = "all"

// ended enters in the security log what was ended of a user, unless that went wrong.
func (s *Service) ended(ctx context.Context, kind ports.SecurityKind, caller access.Caller, c UserCommand, what string, err error) error {
	if err == nil {
		s.noteToken(ctx, kind, caller, c.Account, c.User, what)
	}
	return err
}
