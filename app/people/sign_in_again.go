package people

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/user"
)

// SignInAgain signs in afresh in a session that goes on. Without a password a passkey
// alone is asked for. Address and From are as in SignIn.
type SignInAgain struct {
	Password string
	Address  string
	From     netip.Addr
}

// SignedInAgain says until when a session is fresh, or what is still missing.
type SignedInAgain struct {
	Until time.Time
	Next  *SecondStep // the session is as it was
}

// SignInAgain makes the caller's session fresh, as access.Control.Fresh asks for. The
// caller has signed in (CodeSessionRequired; the operator's and auditors' sessions begin
// anew with their token). What is asked for is what signing in asks for: the password,
// and the second factor of whoever has one (AnswerAgain), or a passkey alone. Attempts are
// counted with those to change the password (*TooManyAttempts): a stolen session is not
// to find it out.
func (s *Service) SignInAgain(ctx context.Context, caller access.Caller, c SignInAgain) (SignedInAgain, error) {
	e, err := s.ownEntrant(ctx, caller)
	if err != nil {
		return SignedInAgain{}, err
	}
	if c.Password == "" {
		next, err := s.askPasskey(ctx, caller, e)
		return SignedInAgain{Next: next}, err
	}
	attempts := s.ownPassword(e.user.UID)
	if err := s.mayTry(ctx, attempts); err != nil {
		return SignedInAgain{}, err
	}
	if e.account.Security.IssuerOnly {
		return SignedInAgain{}, domain.Refuse(issuerRequired)
	}
	fits, err := s.matches(ctx, c.Password, e.user.State.Credential)
	if err == nil && !fits {
		err = domain.Refuse(domain.Problem{Pointer: "/password", Code: user.CodePasswordWrong, Detail: "This is not the password."})
	}
	if err != nil {
		return SignedInAgain{}, err
	}
	s.forgetAttempts(ctx, attempts)
	if len(e.user.State.Factors) > 0 {
		next, err := s.askFactor(ctx, e, c.From, ports.Challenge{Session: caller.Session})
		return SignedInAgain{Next: next}, err
	}
	return s.renewed(ctx, caller)
}

// AnswerAgain ends what SignInAgain has begun, in the same session. What is wrong is told
// as AnswerSecondStep tells it.
func (s *Service) AnswerAgain(ctx context.Context, caller access.Caller, c AnswerSecondStep) (SignedInAgain, error) {
	if _, err := s.ownEntrant(ctx, caller); err != nil {
		return SignedInAgain{}, err
	}
	a, err := s.answer(ctx, c, caller.Session)
	if err != nil {
		return SignedInAgain{}, err
	}
	s.forgetAttempts(ctx, a.of)
	s.forgiveAttempt(ctx, a.address)
	return s.renewed(ctx, caller)
}

// ownEntrant is the user of the caller's session.
func (s *Service) ownEntrant(ctx context.Context, caller access.Caller) (entrant, error) {
	uid, err := settingUp(caller)
	switch {
	case err != nil:
		return entrant{}, err
	case uid == operatorUser:
		return entrant{}, domain.Refuse(operatorTokenRequired)
	}
	e, err := s.entrant(ctx, uid)
	if err == nil && !e.enters() {
		err = query.ErrNotFound
	}
	return e, err
}

// askPasskey asks for a passkey alone, which proves that it is its user who holds it.
func (s *Service) askPasskey(ctx context.Context, caller access.Caller, e entrant) (*SecondStep, error) {
	u := e.user.State
	secrets, err := s.options.Factors.Of(ctx, u.UID)
	if err != nil {
		return nil, err
	}
	if s.options.Passkeys == nil || len(inForce(u, user.Passkey, secrets)) == 0 {
		return nil, domain.Refuse(passwordMissing)
	}
	var options, kept json.RawMessage
	if options, kept, err = s.options.Passkeys.Ask(uuid.Nil, nil); err != nil {
		return nil, err
	}
	return s.challenge(ctx, ports.Challenge{
		User: u.UID, Credential: u.Credential, Session: caller.Session, Alone: true, Options: options, Passkey: kept,
	})
}

// renewed notes that the user of the caller's session has signed in afresh.
func (s *Service) renewed(ctx context.Context, caller access.Caller) (SignedInAgain, error) {
	now := s.now().Truncate(time.Microsecond)
	err := s.options.Store.RenewSession(ctx, caller.Session, now)
	if errors.Is(err, query.ErrNotFound) { // it has ended meanwhile
		err = domain.Refuse(challengeUnknown)
	}
	return SignedInAgain{Until: now.Add(s.access.FreshSignIn)}, err
}

// ownPassword counts attempts of somebody who has signed in to give the own password.
func (s *Service) ownPassword(uid uuid.UUID) counted {
	return counted{s.tokens.Pseudonym("change password of", uid.String()), s.options.SignIns.PerEmail}
}
