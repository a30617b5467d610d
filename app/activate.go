package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// ActivateAccount accepts an invitation. Name is the person's; empty keeps the
// one in the invitation. Password is what the person will sign in with.
type ActivateAccount struct {
	Command
	Name     string
	Password string
}

// ActivateAccount accepts the invitation of the token: it activates the account
// and makes its administrator the first user, or makes a user of who was invited
// into an account. The token is the right to do so.
//
// The password's hash is kept first, under an id of its own, and the event that
// decides names it: of two at once the password of the one who succeeds counts.
func (a *App) ActivateAccount(ctx context.Context, token string, c ActivateAccount) (Written, error) {
	i, err := a.invited(ctx, token)
	if err != nil {
		return Written{}, err
	}
	person := i.account.state.Administrator
	if !i.toAccount() {
		person = i.user.state.Person
	}
	person.Name, err = a.checkActivation(c, person, i.account.state)
	if err != nil {
		return Written{}, err
	}
	w := a.write(access.Caller{Actor: domain.Actor{Kind: domain.ActorUser, ID: person.ID.String(), Account: i.account.state.UID}}, c.Command)
	if err := stillOpen(ctx, a, w, i, token); err != nil {
		return Written{}, err // before the hard work
	}
	credential := w.derive("credential")
	hash, err := a.people.Passwords.Hash(ctx, user.NormalisePassword(c.Password))
	if err != nil {
		return Written{}, err
	}
	if err := a.people.Store.PutCredential(ctx, credential, person.ID, hash, w.at); err != nil {
		return Written{}, err
	}
	var written Written
	if i.toAccount() {
		written, err = a.openAccount(ctx, w, i.account.state.UID, token, person, credential)
	} else {
		written, err = a.joinAccount(ctx, w, i, token, person, credential)
	}
	a.settleCredential(ctx, person.ID, credential, err)
	return written, err
}

func (a *App) checkActivation(c ActivateAccount, person account.Person, acc account.State) (name string, err error) {
	var problems, p []domain.Problem
	if name = person.Name; c.Name != "" {
		name, _, p = account.NormaliseName(c.Name)
		problems = append(problems, at("/name", p)...)
	}
	person.Name = name
	p = user.CheckPassword(c.Password, a.people.minimum(acc.Security), person, acc.Name)
	return name, domain.Refuse(append(problems, at("/password", p)...)...)
}

// stillOpen refuses an invitation that cannot be accepted any more.
func stillOpen(ctx context.Context, a *App, w write, i invited, token string) error {
	if !i.toAccount() {
		if i.account.state.Status == account.Closed {
			return domain.Refuse(accountClosed)
		}
		r, err := judge(ctx, a, w, joinChange(w, i, token, "", uuid.Nil), a.plan())
		return refusal(err, r.problems)
	}
	r, err := judge(ctx, a, w, openChange(w, i.account.state.UID, token, account.Person{}, uuid.Nil), a.plan())
	return refusal(err, r.problems)
}

func refusal(err error, problems []domain.Problem) error {
	if err != nil {
		return err
	}
	return domain.Refuse(problems...)
}

func openChange(w write, uid uuid.UUID, token string, administrator account.Person, credential uuid.UUID) change[account.State] {
	return accountChange(uid, func(s account.State) ([]domain.Event, []domain.Problem) {
		return account.DecideActivate(s, hashToken(token), administrator, credential, w.at)
	})
}

func joinChange(w write, i invited, token, name string, credential uuid.UUID) change[user.State] {
	return userChange(i.user.state.UID, func(s user.State) ([]domain.Event, []domain.Problem) {
		return user.DecideActivate(s, hashToken(token), name, credential, w.at)
	})
}

// openAccount activates the account, then makes the administrator its first
// user. When that fails the processes do it: the account is active.
func (a *App) openAccount(ctx context.Context, w write, uid uuid.UUID, token string, administrator account.Person, credential uuid.UUID) (Written, error) {
	r, err := carryOut(ctx, a, w, openChange(w, uid, token, administrator, credential))
	if err = refusal(err, r.problems); err != nil {
		return Written{}, err
	}
	written, _ := r.written(uid)
	joined, err := a.joinFirst(ctx, w, uid, administrator, credential)
	if err != nil {
		a.logger.WarnContext(ctx, "the first user is left to the processes", "account", uid, "error", err)
	} else if written.Position.Before(joined) {
		written.Position = joined
	}
	return written, nil
}

func (a *App) joinFirst(ctx context.Context, w write, uid uuid.UUID, administrator account.Person, credential uuid.UUID) (eventlog.Position, error) {
	r, err := carryOut(ctx, a, w, userChange(administrator.ID, func(s user.State) ([]domain.Event, []domain.Problem) {
		return user.DecideJoin(s, uid, administrator, credential)
	}))
	return r.position, refusal(err, r.problems)
}

// joinAccount activates a user, and names the user an administrator of the
// account when that was the invitation; when this fails the processes do it.
func (a *App) joinAccount(ctx context.Context, w write, i invited, token string, person account.Person, credential uuid.UUID) (Written, error) {
	r, err := carryOut(ctx, a, w, joinChange(w, i, token, person.Name, credential))
	if err = refusal(err, r.problems); err != nil {
		return Written{}, err
	}
	written, _ := r.written(person.ID)
	if !r.state.Administrator {
		return written, nil
	}
	named, err := a.nameAdministrator(ctx, w, r.state.Account, r.state.Person)
	if err != nil {
		a.logger.WarnContext(ctx, "a new administrator is left to the processes", "user", person.ID, "error", err)
	} else if written.Position.Before(named) {
		written.Position = named
	}
	return written, nil
}

func (a *App) nameAdministrator(ctx context.Context, w write, uid uuid.UUID, person account.Person) (eventlog.Position, error) {
	r, err := carryOut(ctx, a, w, accountChange(uid, func(s account.State) ([]domain.Event, []domain.Problem) {
		return account.DecideName(s, person)
	}))
	return r.position, refusal(err, r.problems)
}

// settleCredential drops the hashes that no event names. Where the outcome is
// unknown all stay; those not named are of no use to anybody.
func (a *App) settleCredential(ctx context.Context, person, credential uuid.UUID, outcome error) {
	var err error
	switch {
	case outcome == nil:
		err = a.people.Store.KeepCredential(ctx, person, credential)
	case isRefusal(outcome):
		err = a.people.Store.DropCredential(ctx, credential)
	}
	if err != nil {
		a.logger.WarnContext(ctx, "an unused password hash stays", "user", person, "error", err)
	}
}
