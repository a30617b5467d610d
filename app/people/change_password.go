package people

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/user"
)

// ChangePassword gives the caller another password in place of the current one.
type ChangePassword struct {
	command.Command
	Current, Password string
}

// ChangePassword changes the password of the caller, who has signed in
// (CodeSessionRequired). All other sessions end, and all personal tokens and calendars. The hash
// is kept first and the event names it, as in Activate. Attempts are limited
// (*TooManyAttempts): a stolen session is not to find out the password.
func (s *Service) ChangePassword(ctx context.Context, caller access.Caller, c ChangePassword) (command.Receipt, error) {
	uid, err := signedIn(caller)
	if err != nil {
		return command.Receipt{}, err
	}
	found, err := s.user(ctx, uid)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	attempts := s.ownPassword(uid)
	before, credential := found.State.Credential, env.Derive("credential of "+uid.String())
	if err := s.mayChange(ctx, c, found.State, attempts, credential); err != nil {
		return command.Receipt{}, err
	}
	if err := s.keepPassword(ctx, env, uid, credential, c.Password); err != nil {
		return command.Receipt{}, err
	}
	receipt, err := command.Receive(command.Execute(ctx, env, command.Loaded(user.Aggregate, found), func(u user.State) ([]domain.Event, error) {
		events, err := user.DecideChangePassword(u, before, credential)
		return events, pointing("/current", err)
	}))
	if err == nil {
		s.forgetAttempts(ctx, attempts)
		if err := s.options.Store.CarryOver(ctx, caller.Session, credential); err != nil {
			s.executor.Logger.WarnContext(ctx, "the session ends that the password was changed in", "error", err)
		}
	}
	s.settlePassword(ctx, caller, uid, before, credential, err)
	return receipt, err
}

// mayChange checks the new password and the current one. A command that is
// repeated has the new one in force already, and must be about the same.
func (s *Service) mayChange(ctx context.Context, c ChangePassword, u user.State, attempts counted, credential uuid.UUID) error {
	acc, err := s.account(ctx, u.Account)
	if err != nil {
		return err
	}
	if err := s.checkPassword(c.Password, u.Person, acc.State); err != nil {
		return err
	}
	if err := s.mayTry(ctx, attempts); err != nil {
		return err
	}
	current := c.Current
	wrong := domain.Problem{Pointer: "/current", Code: user.CodePasswordWrong, Detail: "This is not the password."}
	if u.Credential == credential {
		current = c.Password
		wrong = domain.Problem{Code: command.CodeIdempotencyReuse, Detail: "The idempotency key was used for another password."}
	}
	fits, err := s.matches(ctx, current, u.Credential)
	if err == nil && !fits {
		err = domain.Refuse(wrong)
	}
	return err
}
