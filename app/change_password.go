package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/user"
)

// ChangePassword gives the caller another password in place of the current one.
type ChangePassword struct {
	Command
	Current, Password string
}

// ChangePassword changes the password of who has signed in. All other sessions
// end; personal tokens go on. The hash is kept first and the event names it, as
// in ActivateAccount. Attempts are limited: a stolen session is not to find out
// the password.
func (a *App) ChangePassword(ctx context.Context, caller access.Caller, c ChangePassword) (Written, error) {
	uid, err := signedIn(caller)
	if err != nil {
		return Written{}, err
	}
	person, err := a.user(ctx, uid)
	if err != nil {
		return Written{}, err
	}
	w := a.write(caller, c.Command)
	tries := counted{a.subject("change password of", uid.String()), a.people.SignIns.PerEmail}
	credential := w.derive("credential of " + uid.String())
	if err := a.mayChange(ctx, c, person, tries, credential); err != nil {
		return Written{}, err
	}
	written, err := a.putPassword(ctx, w, person, credential, c.Password, func(s user.State) ([]domain.Event, []domain.Problem) {
		events, problems := user.DecideChangePassword(s, person.Credential, credential)
		return events, at("/current", problems)
	})
	if err == nil {
		a.forget(ctx, tries)
		err := a.people.Store.CarryOver(ctx, caller.Session, credential)
		if err != nil {
			a.logger.WarnContext(ctx, "the session ends that the password was changed in", "error", err)
		}
	}
	a.settlePassword(ctx, person.Credential, credential, err)
	return written, err
}

// mayChange checks the new password and the current one. A command that is
// repeated has the new one in force already, and must be about the same.
func (a *App) mayChange(ctx context.Context, c ChangePassword, person user.State, tries counted, credential uuid.UUID) error {
	acc, err := a.account(ctx, person.Account)
	if err != nil {
		return err
	}
	if p := user.CheckPassword(c.Password, a.people.minimum(acc.Security), person.Person, acc.Name); len(p) > 0 {
		return domain.Refuse(at("/password", p)...)
	}
	if err := a.mayTry(ctx, tries); err != nil {
		return err
	}
	current, wrong := c.Current, domain.Problem{Pointer: "/current", Code: user.CodePasswordWrong, Detail: "That is not the password."}
	if person.Credential == credential {
		current, wrong = c.Password, domain.Problem{Code: CodeCommandReused, Detail: "The idempotency key was used for another password."}
	}
	hash, err := a.people.Store.Credential(ctx, person.Credential)
	if err != nil {
		return err
	}
	fits, err := a.people.Passwords.Matches(ctx, user.NormalisePassword(current), hash)
	if err == nil && !fits {
		err = domain.Refuse(wrong)
	}
	return err
}

// putPassword keeps a password's hash and carries out the change that names it.
func (a *App) putPassword(ctx context.Context, w write, person user.State, credential uuid.UUID, password string,
	decide func(user.State) ([]domain.Event, []domain.Problem),
) (Written, error) {
	hash, err := a.people.Passwords.Hash(ctx, user.NormalisePassword(password))
	if err != nil {
		return Written{}, err
	}
	if err := a.people.Store.PutCredential(ctx, credential, person.UID, hash, w.at); err != nil {
		return Written{}, err
	}
	r, err := carryOut(ctx, a, w, userChange(person.UID, decide))
	if err != nil {
		return Written{}, err
	}
	return r.written(person.UID)
}

// settlePassword drops the hash that is not in force, and the sessions with it.
// It names the one it drops: another change may have kept its hash meanwhile,
// for an event that is still to come. A hash that is not dropped opens nothing.
func (a *App) settlePassword(ctx context.Context, before, credential uuid.UUID, outcome error) {
	drop := before
	switch {
	case isRefusal(outcome):
		drop = credential
	case outcome != nil || before == credential || before == uuid.Nil:
		return // unknown, a repeat, or there was none
	}
	if err := a.people.Store.DropCredential(ctx, drop); err != nil {
		a.logger.WarnContext(ctx, "an unused password hash stays", "error", err)
	}
}
