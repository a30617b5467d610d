package people

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Activate accepts an invitation. Name is the person's; empty keeps the one in
// the invitation. Password is what the person will sign in with.
type Activate struct {
	command.Command
	Name     string
	Password string
}

// Activate accepts the invitation of the token: it makes the administrator that
// the account was created with a user, or whoever was invited. The first
// administrator of the account activates it. The token is the right to do so; query.ErrNotFound when it is not
// that of the latest invitation.
//
// The password's hash is kept first, under an id of its own, and the event that
// decides names it: of two at once the password of the one who succeeds counts.
func (s *Service) Activate(ctx context.Context, token string, c Activate) (command.Receipt, error) {
	i, err := s.invited(ctx, token)
	if err != nil {
		return command.Receipt{}, err
	}
	person, err := s.checkActivation(c, i.person(), i.account.State)
	if err != nil {
		return command.Receipt{}, err
	}
	actor := domain.Actor{Kind: domain.ActorUser, ID: person.ID.String(), Account: i.account.State.UID}
	env := s.executor.Begin(actor, c.Command)
	a := acceptance{invited: i, env: env, tokenHash: access.Hash(token), person: person, credential: env.Derive("credential")}
	if err := a.refused(ctx); err != nil { // before the hard work
		return command.Receipt{}, err
	}
	if err := s.keepPassword(ctx, env, person.ID, a.credential, c.Password); err != nil {
		return command.Receipt{}, err
	}
	var receipt command.Receipt
	if i.toAccount() {
		receipt, err = s.openAccount(ctx, a)
	} else {
		receipt, err = s.joinAccount(ctx, a)
	}
	s.settleFirstPassword(ctx, person.ID, a.credential, err)
	return receipt, err
}

// checkActivation gives the person with the name that counts.
func (s *Service) checkActivation(c Activate, person account.Person, acc account.State) (account.Person, error) {
	var problems []domain.Problem
	if c.Name != "" {
		name, _, invalid := account.NormaliseName(c.Name)
		person.Name = name
		problems = append(problems, domain.At("/name", invalid)...)
	}
	weak := domain.ProblemsOf(s.checkPassword(c.Password, person, acc))
	return person, domain.Refuse(append(problems, weak...)...)
}

// acceptance is an invitation being accepted.
type acceptance struct {
	invited    invited
	env        command.Env
	tokenHash  []byte
	person     account.Person
	credential uuid.UUID
}

func (a acceptance) open(acc account.State) ([]domain.Event, error) {
	return account.DecideActivate(acc, a.tokenHash, a.person, a.credential, a.env.At)
}

func (a acceptance) join(u user.State) ([]domain.Event, error) {
	return user.DecideActivate(u, a.tokenHash, a.person.Name, a.credential, a.env.At)
}

func (a acceptance) account() command.Subject[account.State] {
	return command.Loaded(account.Aggregate, a.invited.account)
}

func (a acceptance) user() command.Subject[user.State] {
	return command.Loaded(user.Aggregate, a.invited.user)
}

// refused gives the refusal of an invitation that cannot be accepted any more.
func (a acceptance) refused(ctx context.Context) error {
	if a.invited.toAccount() {
		_, err := command.DryRun(ctx, a.env, a.account(), a.open)
		return err
	}
	if a.invited.account.State.Status == account.Closed {
		return domain.Refuse(access.AccountClosed)
	}
	_, err := command.DryRun(ctx, a.env, a.user(), a.join)
	return err
}

// openAccount has the administrator join the account, which activates it where no
// other has done so, then makes the administrator a user. When that fails the
// reactions do it.
func (s *Service) openAccount(ctx context.Context, a acceptance) (command.Receipt, error) {
	r, err := command.Execute(ctx, a.env, a.account(), a.open)
	if err != nil {
		return command.Receipt{}, err
	}
	joined, err := s.JoinFirst(ctx, a.env, r.UID, a.person, a.credential)
	if err != nil {
		s.executor.Logger.WarnContext(ctx, "the first user is left to the reactions", "account", r.UID, "error", err)
	}
	return r.Receipt().Reaching(joined.Position), nil
}

// joinAccount activates a user, and names the user an administrator of the
// account when that was the invitation; when this fails the reactions do it.
func (s *Service) joinAccount(ctx context.Context, a acceptance) (command.Receipt, error) {
	r, err := command.Execute(ctx, a.env, a.user(), a.join)
	if err != nil || !r.Now.Administrator {
		return command.Receive(r, err)
	}
	named, err := s.NameAdministrator(ctx, a.env, r.Now.Account, r.Now.Person)
	if err != nil {
		s.executor.Logger.WarnContext(ctx, "a new administrator is left to the reactions", "user", r.UID, "error", err)
	}
	return r.Receipt().Reaching(named.Position), nil
}

// JoinFirst makes the administrator that an account was created with its first
// user.
func (s *Service) JoinFirst(ctx context.Context, env command.Env, uid uuid.UUID, administrator account.Person, credential uuid.UUID) (command.Receipt, error) {
	return command.Receive(command.Execute(ctx, env, command.On(user.Aggregate, administrator.ID), func(u user.State) ([]domain.Event, error) {
		return user.DecideJoin(u, uid, administrator, credential)
	}))
}

// NameAdministrator makes a user who was invited as an administrator one of the
// account's. An account that nobody has activated yet becomes active.
func (s *Service) NameAdministrator(ctx context.Context, env command.Env, uid uuid.UUID, person account.Person) (command.Receipt, error) {
	return command.Receive(command.Execute(ctx, env, command.On(account.Aggregate, uid), func(acc account.State) ([]domain.Event, error) {
		return account.DecideName(acc, person)
	}))
}
