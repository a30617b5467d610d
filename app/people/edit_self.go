package people

import (
	"context"
	"time"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// EditSelf changes what is not nil of the caller's own person.
type EditSelf struct {
	command.Command
	Name, Email *string
}

// EditSelf changes the caller's own name at once, and asks for another e-mail
// address: it is the caller's once whoever reads its mail has confirmed it
// (ConfirmEmail), and kept for the caller until then. Another request replaces
// the one before. The caller has signed in (CodeSessionRequired), for another address
// lately (access.ErrFreshSignInRequired): a password can be reset with it. Requests are
// limited (*TooManyAttempts), dry runs too: they tell which addresses are taken.
func (s *Service) EditSelf(ctx context.Context, caller access.Caller, c EditSelf) (command.Receipt, error) {
	uid, err := signedIn(caller)
	if err != nil {
		return command.Receipt{}, err
	}
	wish, err := c.normalise()
	if err != nil {
		return command.Receipt{}, err
	}
	if wish.email != "" {
		if err := s.access.Fresh(caller); err != nil {
			return command.Receipt{}, err
		}
		if err := s.mayTry(ctx, counted{s.tokens.Pseudonym("change email of", uid.String()), s.options.SignIns.PerEmail}); err != nil {
			return command.Receipt{}, err
		}
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	if wish.email != "" {
		env = s.access.Mails.Asking(env, access.MailAddress, wish.email)
	}
	r, err := command.Execute(ctx, env, command.On(user.Aggregate, uid), func(u user.State) ([]domain.Event, error) {
		return wish.decide(u, s.emailChange(env, u))
	})
	if err != nil || wish.name == "" {
		return command.Receive(r, err)
	}
	return r.Receipt().Reaching(s.followed(ctx, env.Provided(nil), r.Now)), nil
}

// wish is what a person wants to be; empty fields stay.
type wish struct{ name, email string }

// normalise checks the input and gives all its problems at once.
func (c EditSelf) normalise() (w wish, err error) {
	var problems, invalid []domain.Problem
	if c.Name != nil {
		w.name, _, invalid = account.NormaliseName(*c.Name)
		problems = domain.At("/name", invalid)
	}
	if c.Email != nil {
		w.email, _, invalid = account.NewEmail(*c.Email)
		problems = append(problems, domain.At("/email", invalid)...)
	}
	return w, domain.Refuse(problems...)
}

func (w wish) decide(u user.State, change user.EmailChange) ([]domain.Event, error) {
	var events []domain.Event
	if w.name != "" {
		renamed, err := user.DecideRename(u, w.name)
		if err != nil {
			return nil, err
		}
		events = renamed
	}
	if w.email != "" {
		requested, err := user.DecideRequestEmail(user.Aggregate.Fold(u, events...), w.email, change)
		if err != nil {
			return nil, err
		}
		events = append(events, requested...)
	}
	return events, nil
}

// emailChange is the next request for another address of a user.
func (s *Service) emailChange(env command.Env, u user.State) user.EmailChange {
	n := u.Change.Number + 1
	return user.EmailChange{
		Number: n, TokenHash: access.Hash(s.tokens.EmailChange(u.UID, n)), Expires: env.At.Add(s.options.EmailChangeTime),
	}
}

// PendingEmail is the address that a user has asked for and that waits to be
// confirmed until Expires; without an address: none.
type PendingEmail struct {
	Email   string
	Expires time.Time
}

func (s *Service) pendingEmail(u user.State) PendingEmail {
	if u.Wanted == "" || !s.now().Before(u.Change.Expires) {
		return PendingEmail{}
	}
	return PendingEmail{Email: u.Wanted, Expires: u.Change.Expires}
}
