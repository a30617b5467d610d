package people

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/user"
)

// RequestReset asks for a mail to choose a new password with. Address is as in
// SignIn.
type RequestReset struct {
	command.Command
	Email, Address string
}

// RequestPasswordReset begins the reset of a forgotten password. Whether there is
// somebody with the address shows neither in the answer nor in how long it takes:
// either way one job is queued, and only the job does more for somebody. Too many
// requests are *TooManyAttempts.
func (s *Service) RequestPasswordReset(ctx context.Context, c RequestReset) error {
	key, limits := emailKey(c.Email), s.options.SignIns
	err := s.mayTry(ctx,
		counted{s.tokens.Pseudonym("reset by address", c.Address), limits.PerAddress},
		counted{s.tokens.Pseudonym("reset by email", key), limits.PerEmail})
	if err != nil {
		return err
	}
	e, err := s.entrantWithEmail(ctx, key)
	if err != nil {
		return err
	}
	uid := uuid.Nil
	if e.enters() {
		uid = e.user.UID
	}
	return s.options.Resets.QueuePasswordReset(ctx, uid, c.ID, c.Traceparent)
}

// SendPasswordReset is the job of a request: it records the reset, which is then
// mailed by the reactions. Repeated with the same command it is the same reset.
func (s *Service) SendPasswordReset(ctx context.Context, uid, id uuid.UUID, traceparent string) error {
	if uid == uuid.Nil {
		return nil
	}
	e, err := s.entrant(ctx, uid)
	if err != nil || !e.enters() {
		return err
	}
	env := s.executor.Begin(command.System("password resets"), command.Command{ID: id, Traceparent: traceparent})
	_, err = command.Execute(ctx, env, command.Loaded(user.Aggregate, e.user), func(u user.State) ([]domain.Event, error) {
		n := u.Reset.Number + 1
		return user.DecideRequestReset(u, user.Reset{
			Number: n, TokenHash: access.Hash(s.tokens.PasswordReset(uid, n)), Expires: env.At.Add(s.options.ResetTime),
		})
	})
	return err
}

// PasswordReset is what the holder of a token needs to know.
type PasswordReset struct {
	Expires         time.Time
	PasswordMinimum int
}

// PasswordReset shows what a token is good for, query.ErrNotFound when for
// nothing. One that has run out still shows it.
func (s *Service) PasswordReset(ctx context.Context, token string) (PasswordReset, error) {
	e, err := s.entrantWithReset(ctx, token)
	if err != nil {
		return PasswordReset{}, err
	}
	return PasswordReset{Expires: e.user.State.Reset.Expires, PasswordMinimum: s.options.minimum(e.account.Security)}, nil
}

// ResetPassword is the password that the holder of a token chooses.
type ResetPassword struct {
	command.Command
	Password string
}

// ResetPassword puts a new password in place of a forgotten one. The token is the
// right to do so, once; query.ErrNotFound when it is good for nothing. All
// sessions end; personal tokens go on.
func (s *Service) ResetPassword(ctx context.Context, token string, c ResetPassword) (command.Receipt, error) {
	e, err := s.entrantWithReset(ctx, token)
	if err != nil {
		return command.Receipt{}, err
	}
	u := e.user.State
	if err := s.checkPassword(c.Password, u.Person, e.account); err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(domain.Actor{Kind: domain.ActorUser, ID: u.UID.String(), Account: u.Account}, c.Command)
	credential := env.Derive("credential of " + u.UID.String())
	decide := func(u user.State) ([]domain.Event, error) {
		return user.DecideResetPassword(u, access.Hash(token), credential, env.At)
	}
	if _, err := decide(u); err != nil { // before the hard work
		return command.Receipt{}, err
	}
	if err := s.keepPassword(ctx, env, u.UID, credential, c.Password); err != nil {
		return command.Receipt{}, err
	}
	receipt, err := command.Receive(command.Execute(ctx, env, command.Loaded(user.Aggregate, e.user), decide))
	if err == nil {
		s.forgetAttempts(ctx, s.withEmail(emailKey(u.Person.Email)))
	}
	s.settlePassword(ctx, u.Credential, credential, err)
	return receipt, err
}

// entrantWithReset finds whose password a token resets, query.ErrNotFound when it
// is not that of the latest reset, was used, or the user may not enter.
func (s *Service) entrantWithReset(ctx context.Context, token string) (entrant, error) {
	uid, ok := access.Named(token)
	if !ok {
		return entrant{}, query.ErrNotFound
	}
	e, err := s.entrant(ctx, uid)
	if err == nil && (!access.Fits(e.user.State.Reset.TokenHash, token) || !e.enters()) {
		err = query.ErrNotFound
	}
	return e, err
}
