package people

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// SignIn is an attempt to sign in. Address is the network it comes from, as
// attempts are counted; From is the address itself.
type SignIn struct {
	Email, Password, Address string
	From                     netip.Addr
}

// SignedIn is a new session with its token, which is shown only here.
type SignedIn struct {
	ports.Session
	Token string
	// Next is what is still missing; there is no session then.
	Next     *SecondStep
	Position eventlog.Position // of the log, as far as is known of the user
}

// SignIn begins a session. Attempts are counted before they are looked at, so
// that many at once do not get past the limits (*TooManyAttempts); those from where the
// user has signed in before are counted apart. Whoever does
// not exist, may not sign in or has another password gets the same answer
// (CodeSignInFailed) after the same work. Only whoever knows the password hears
// that the account is not to be used from there (access.ErrAddressNotAdmitted), or
// not with a password (CodeIssuerRequired). Whoever has a second factor is asked for it:
// the session begins with AnswerSecondStep.
func (s *Service) SignIn(ctx context.Context, c SignIn) (SignedIn, error) {
	var e entrant
	in, err := s.signIn(ctx, c, &e)
	if tooMany, ok := errors.AsType[*TooManyAttempts](err); ok && tooMany.First {
		e, _ = s.entrantWithEmail(ctx, emailKey(c.Email)) // for the log, once a window
	}
	s.noteSignIn(ctx, byPassword, e, c.From, in, err)
	return in, err
}

// signIn is SignIn, and says whom it found with the address.
func (s *Service) signIn(ctx context.Context, c SignIn, found *entrant) (SignedIn, error) {
	key := emailKey(c.Email)
	address := s.fromAddress(c.Address)
	here, err := s.usualFor(ctx, key, c.Address)
	if err != nil {
		return SignedIn{}, err
	}
	email := s.apart("sign in", here, s.withEmail(key))
	if err := s.mayTry(ctx, address, email); err != nil {
		return SignedIn{}, err
	}
	e, err := s.entrantWithEmail(ctx, key)
	if err != nil {
		return SignedIn{}, err
	}
	*found = e
	fits, err := s.matches(ctx, c.Password, e.user.State.Credential)
	if err != nil {
		return SignedIn{}, err
	}
	if !fits || !e.enters() {
		return SignedIn{}, domain.Refuse(signInFailed)
	}
	if e.account.Security.IssuerOnly {
		return SignedIn{}, domain.Refuse(issuerRequired)
	}
	if len(e.user.State.Factors) > 0 {
		next, err := s.askFactor(ctx, e, c.From, ports.Challenge{})
		if err != nil {
			return SignedIn{}, err
		}
		s.forgiveAttempt(ctx, address)
		return SignedIn{Next: next}, nil
	}
	in, err := s.beginSession(ctx, e, c.From, false, uuid.Nil)
	if err != nil {
		return SignedIn{}, err
	}
	s.remember(ctx, here, e.user.UID)
	s.forgetAttempts(ctx, email)
	s.forgiveAttempt(ctx, address)
	return in, nil
}

// beginSession begins a session of a user who may enter, from an address that the
// account allows, and has given a factor; uuid.Nil: has none. The first one of a day is recorded before: whoever dies in
// between has signed in, and can again.
func (s *Service) beginSession(ctx context.Context, e entrant, from netip.Addr, atIssuer bool, factor uuid.UUID) (SignedIn, error) {
	if !e.account.Security.Admits(from) {
		return SignedIn{}, access.ErrAddressNotAdmitted
	}
	s.activateFirst(ctx, e)
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
		ID: uuid.New(), User: u.UID, Account: u.Account, Credential: u.Credential, Factor: factor, AtIssuer: atIssuer,
		CreatedAt: now, SignedInAt: now, UsedAt: now, Address: Visitor{From: from}.use(now).Address, ExpiresAt: now.Add(s.options.lifetime(e.account.Security)),
	}}
	return in, s.options.Store.CreateSession(ctx, in.Session, access.Hash(in.Token))
}

// activateFirst activates an account that is pending though it has this
// administrator: one who accepted before that was enough to activate it.
func (s *Service) activateFirst(ctx context.Context, e entrant) {
	u := e.user.State
	if e.account.Status != account.Pending || !e.account.Administers(u.UID) {
		return
	}
	actor := domain.Actor{Kind: domain.ActorUser, ID: u.UID.String(), Account: u.Account}
	env := s.executor.Begin(actor, command.Command{ID: uuid.New()})
	if _, err := s.NameAdministrator(ctx, env, u.Account, u.Person); err != nil {
		s.executor.Logger.WarnContext(ctx, "an account stays pending until its administrator signs in again", "account", u.Account, "error", err)
	}
}
