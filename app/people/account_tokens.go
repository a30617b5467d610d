package people

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// AccountTokens are the tokens of an account that were not revoked, newest first;
// expired ones are among them. It needs users.read in the account.
func (s *Service) AccountTokens(ctx context.Context, caller access.Caller, uid uuid.UUID) ([]ports.AccountToken, error) {
	if err := s.access.Request(caller).Require(ctx, uid, rights.UsersRead); err != nil {
		return nil, err
	}
	return s.options.Tokens.List(ctx, uid)
}

// RevokeAccountToken makes a token of an account useless. It needs users.manage in
// the account; query.ErrNotFound when the account has no such token.
func (s *Service) RevokeAccountToken(ctx context.Context, caller access.Caller, uid, token uuid.UUID) error {
	if _, err := s.manages(ctx, caller, uid, command.Command{}); err != nil {
		return err
	}
	if err := s.options.Tokens.Revoke(ctx, uid, token, s.now()); err != nil {
		return err
	}
	s.noteToken(ctx, ports.SecurityTokenEnded, caller, uid, uuid.Nil, "account "+token.String())
	return nil
}

// EndAccountTokens makes the tokens of an account useless that were made before it
// was closed. Nobody is let in with them since; the account may be reopened.
func (s *Service) EndAccountTokens(ctx context.Context, uid uuid.UUID, closed time.Time) error {
	return s.options.Tokens.RevokeAll(ctx, uid, closed)
}
