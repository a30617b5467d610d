package people

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/user"
)

// SignIn is an attempt to sign in. Address is the network address it comes from.
type SignIn struct {
	Email, Password, Address string
}

// SignedIn is a new session with its token, which is shown only here.
type SignedIn struct {
	ports.Session
	Token    string
	Position eventlog.Position // of the log, as far as is known of the user
}

// SignIn begins a session. Attempts are counted before they are looked at, so
// that many at once do not get past the limits (*TooManyAttempts). Whoever does
// not exist, may not sign in or has another password gets the same answer
// (CodeSignInFailed) after the same work.
func (s *Service) SignIn(ctx context.Context, c SignIn) (SignedIn, error) {
	key := emailKey(c.Email)
	email, address := s.withEmail(key), s.fromAddress(c.Address)
	if err := s.mayTry(ctx, address, email); err != nil {
		return SignedIn{}, err
	}
	e, err := s.entrantWithEmail(ctx, key)
	if err != nil {
		return SignedIn{}, err
	}
	fits, err := s.matches(ctx, c.Password, e.user.State.Credential)
	if err != nil {
		return SignedIn{}, err
	}
	if !fits || !e.enters() {
		return SignedIn{}, domain.Refuse(signInFailed)
	}
	in, err := s.beginSession(ctx, e)
	if err != nil {
		return SignedIn{}, err
	}
	s.forgetAttempts(ctx, email)
	s.forgiveAttempt(ctx, address)
	return in, nil
}

// beginSession begins a session of a user who may enter. The first one of a day is
// recorded before: whoever dies in between has signed in, and can again.
func (s *Service) beginSession(ctx context.Context, e entrant) (SignedIn, error) {
	u := e.user.State
	env := s.executor.Begin(domain.Actor{Kind: domain.ActorUser, ID: u.UID.String(), Account: u.Account}, command.Command{})
	r, err := command.Execute(ctx, env, command.Loaded(user.Aggregate, e.user), func(u user.State) ([]domain.Event, error) {
		return user.DecideSignIn(u, env.Today())
	})
	if err != nil {
		return SignedIn{}, err
	}
	now := env.At.Truncate(time.Microsecond)
	in := SignedIn{Token: access.SessionPrefix + access.Random(), Position: r.Position, Session: ports.Session{
		ID: uuid.New(), User: u.UID, Account: u.Account, Credential: u.Credential,
		CreatedAt: now, ExpiresAt: now.Add(s.options.lifetime(e.account.Security)),
	}}
	return in, s.options.Store.CreateSession(ctx, in.Session, access.Hash(in.Token))
}
