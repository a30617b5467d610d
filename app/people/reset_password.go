package people

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/reservation"
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
// who that is only the job looks up (AnswerResetRequest). Too many requests are
// *TooManyAttempts; those from where somebody has signed in with the address are counted
// apart.
func (s *Service) RequestPasswordReset(ctx context.Context, c RequestReset) error {
	key, limits := emailKey(c.Email), s.options.SignIns
	here, err := s.usualFor(ctx, key, c.Address)
	if err != nil {
		return err
	}
	err = s.mayTry(ctx,
		counted{s.tokens.Pseudonym("reset by address", c.Address), limits.PerAddress},
		s.apart("reset", here, counted{s.tokens.Pseudonym("reset by email", key), limits.PerEmail}))
	if err != nil {
		return err
	}
	name, names := reservation.Unique(reservation.Email, key).Stream, s.executor.Limits.Names
	if !names.Former { // else those of before that are not claimed anew yet have no other
		name = names.Keyed(name)
	}
	return s.options.Resets.QueuePasswordReset(ctx, name, c.ID, c.Traceparent)
}

// AnswerResetRequest is the job of a request: it sends the reset to whoever holds the
// reservation of the e-mail address, and may enter.
func (s *Service) AnswerResetRequest(ctx context.Context, reservation string, id uuid.UUID, traceparent string) error {
	e, err := s.entrantHolding(ctx, reservation)
	if err != nil || !e.enters() {
		return err
	}
	return s.SendPasswordReset(ctx, e.user.UID, id, traceparent)
}

// SendPasswordReset records a user's reset, which is then mailed by the reactions.
// Repeated with the same command it is the same reset. Where there were too many mails,
// and the last can still be used, it stays in force and no other is sent: whoever floods
// somebody with them takes none away.
func (s *Service) SendPasswordReset(ctx context.Context, uid, id uuid.UUID, traceparent string) error {
	if uid == uuid.Nil {
		return nil
	}
	e, err := s.entrant(ctx, uid)
	if err != nil || !e.enters() {
		return err
	}
	env := s.executor.Begin(command.System("password resets"), command.Command{ID: id, Traceparent: traceparent})
	if r := e.user.State.Reset; waits(r.TokenHash, r.Expires, env.At) {
		env = s.access.Mails.Asking(env, access.MailReset, e.user.State.Person.Email)
	}
	_, err = command.Execute(ctx, env, command.Loaded(user.Aggregate, e.user), func(u user.State) ([]domain.Event, error) {
		return user.DecideRequestReset(u, s.reset(env, uid, u.Reset.Number+1))
	})
	if many, ok := errors.AsType[*access.TooManyMails](err); ok {
		s.executor.Logger.WarnContext(ctx, "a mail for another password is left out", "user", uid, "wait", many.Wait)
		return nil
	}
	return err
}

// reset is a user's reset of a number.
func (s *Service) reset(env command.Env, uid uuid.UUID, number int) user.Reset {
	return user.Reset{
		Number: number, TokenHash: access.Hash(s.tokens.PasswordReset(uid, number)), Expires: env.At.Add(s.options.ResetTime),
	}
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
// sessions end, and all personal tokens and calendars.
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
		s.forgetSignIns(ctx, u.UID, u.Person.Email)
	}
	s.settlePassword(ctx, access.Caller{Actor: env.Actor}, u.UID, u.Credential, credential, err)
	return receipt, err
}

// entrantWithReset finds whose password a token resets, query.ErrNotFound when it
// is not that of the latest reset, was used, or the user may not enter.
func (s *Service) entrantWithReset(ctx context.Context, token string) (entrant, error) {
	uid, ok := s.tokens.Named(token)
	if !ok {
		return entrant{}, query.ErrNotFound
	}
	e, err := s.entrant(ctx, uid)
	if err == nil && (!access.Fits(e.user.State.Reset.TokenHash, token) || !e.enters()) {
		err = query.ErrNotFound
	}
	return e, err
}
