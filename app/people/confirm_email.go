package people

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// EmailConfirmation is what the holder of a token can confirm.
type EmailConfirmation struct {
	Email   string
	Expires time.Time
	Expired bool
}

// EmailConfirmation shows what a token confirms, query.ErrNotFound when nothing.
// One that has run out still shows it.
func (s *Service) EmailConfirmation(ctx context.Context, token string) (EmailConfirmation, error) {
	e, err := s.entrantWithEmailChange(ctx, token)
	if err != nil {
		return EmailConfirmation{}, err
	}
	u := e.user.State
	return EmailConfirmation{Email: u.Wanted, Expires: u.Change.Expires, Expired: !s.now().Before(u.Change.Expires)}, nil
}

// ConfirmEmail makes an address that a user has asked for the user's. The token,
// which was mailed there, is the right to do so, once; query.ErrNotFound when it
// confirms nothing. From then on the user signs in with the new address only; what
// was mailed to the old one to choose a new password is void. Sessions go on.
func (s *Service) ConfirmEmail(ctx context.Context, token string, c command.Command) (command.Receipt, error) {
	e, err := s.entrantWithEmailChange(ctx, token)
	if err != nil {
		return command.Receipt{}, err
	}
	u := e.user.State
	env := s.executor.Begin(domain.Actor{Kind: domain.ActorUser, ID: u.UID.String(), Account: u.Account}, c)
	r, err := command.Execute(ctx, env, command.Loaded(user.Aggregate, e.user), func(u user.State) ([]domain.Event, error) {
		return user.DecideConfirmEmail(u, access.Hash(token), env.At)
	})
	if err != nil {
		return command.Receipt{}, err
	}
	return r.Receipt().Reaching(s.followed(ctx, env, r.Now)), nil
}

// entrantWithEmailChange finds whose address a token confirms, query.ErrNotFound
// when it is not that of the latest request, was used, or the user may not enter.
func (s *Service) entrantWithEmailChange(ctx context.Context, token string) (entrant, error) {
	uid, ok := s.tokens.Named(token)
	if !ok {
		return entrant{}, query.ErrNotFound
	}
	e, err := s.entrant(ctx, uid)
	if err == nil && (!access.Fits(e.user.State.Change.TokenHash, token) || !e.enters()) {
		err = query.ErrNotFound
	}
	return e, err
}

// followed lets the account know what a user has changed, and gives how far the
// log was then. When it fails the reactions do it.
func (s *Service) followed(ctx context.Context, env command.Env, u user.State) eventlog.Position {
	r, err := s.followPerson(ctx, env, u)
	if err != nil {
		s.executor.Logger.WarnContext(ctx, "a change of a person is left to the reactions", "user", u.UID, "error", err)
	}
	return r.Position
}

// FollowPerson lets the account of a user know the user's name and address as they
// are by now, as far as it names the user.
func (s *Service) FollowPerson(ctx context.Context, env command.Env, uid uuid.UUID) (command.Receipt, error) {
	found, err := s.user(ctx, uid)
	if err != nil || found.State.Status == "" {
		return command.Receipt{}, err
	}
	return s.followPerson(ctx, env, found.State)
}

func (s *Service) followPerson(ctx context.Context, env command.Env, u user.State) (command.Receipt, error) {
	return command.Receive(command.Execute(ctx, env, command.On(account.Aggregate, u.Account), func(acc account.State) ([]domain.Event, error) {
		return account.DecideFollow(acc, u.Person)
	}))
}
