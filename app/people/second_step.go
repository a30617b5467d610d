package people

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/user"
)

const (
	// challengeTime is how long a sign-in waits for its second step.
	challengeTime = 5 * time.Minute
	// challengeTries is how often one challenge is tried. What is tried is counted for
	// the user beside that.
	challengeTries = 5
)

// SecondStep asks for the rest of a sign-in: there is no session before. Challenge is a
// secret, of which a hash is kept, and is good for one session until Expires.
type SecondStep struct {
	Challenge string
	Expires   time.Time
	// What there is to answer with. Passkey are the options for the browser, nil: none.
	OneTimeCode, RecoveryCode bool
	Passkey                   json.RawMessage
}

// AnswerSecondStep answers a challenge with one of three. Address and From are as in SignIn.
type AnswerSecondStep struct {
	Challenge          string
	Code, RecoveryCode string
	Passkey            json.RawMessage
	Address            string
	From               netip.Addr
}

// askFactor asks a user who may enter, and has given the password or comes from the
// issuer, for a second factor. c is what is known of the challenge already.
func (s *Service) askFactor(ctx context.Context, e entrant, from netip.Addr, c ports.Challenge) (*SecondStep, error) {
	if !e.account.Security.Admits(from) {
		return nil, access.ErrAddressNotAdmitted
	}
	u := e.user.State
	secrets, err := s.options.Factors.Of(ctx, u.UID)
	if err != nil {
		return nil, err
	}
	c.User, c.Credential = u.UID, u.Credential
	if keys := inForce(u, user.Passkey, secrets); len(keys) > 0 && s.options.Passkeys != nil {
		if c.Options, c.Passkey, err = s.options.Passkeys.Ask(u.UID, keys); err != nil {
			return nil, err
		}
	}
	step, err := s.challenge(ctx, c)
	step.OneTimeCode = len(inForce(u, user.OneTimeCodes, secrets)) > 0
	step.RecoveryCode = u.Recovery.Left() > 0
	return step, err
}

// StartWithPasskey begins a sign-in with a passkey alone, query.ErrNotFound where there
// are none. Attempts are counted for the network address (*TooManyAttempts).
func (s *Service) StartWithPasskey(ctx context.Context, address string) (*SecondStep, error) {
	if s.options.Passkeys == nil {
		return nil, query.ErrNotFound
	}
	if err := s.mayTry(ctx, s.fromAddress(address)); err != nil {
		return nil, err
	}
	options, kept, err := s.options.Passkeys.Ask(uuid.Nil, nil)
	if err != nil {
		return nil, err
	}
	return s.challenge(ctx, ports.Challenge{Options: options, Passkey: kept})
}

func (s *Service) challenge(ctx context.Context, c ports.Challenge) (*SecondStep, error) {
	now := s.now()
	c.Expires = now.Add(challengeTime).UTC().Truncate(time.Microsecond)
	step := &SecondStep{Challenge: access.Random(), Expires: c.Expires, Passkey: c.Options}
	_, err := s.options.Factors.Begin(ctx, access.Hash(step.Challenge), c, now)
	return step, err
}

// inForce are the secrets of a user's factors of a kind that the log names.
func inForce(u user.State, kind user.FactorKind, secrets []ports.Factor) []ports.Factor {
	var found []ports.Factor
	for _, f := range secrets {
		if u.Factor(f.ID).Kind == kind {
			found = append(found, f)
		}
	}
	return found
}

// AnswerSecondStep ends a sign-in that a challenge was given for, with a session.
// Attempts are counted as those of SignIn are, for the user too: *TooManyAttempts. What
// is wrong with the answer is not told (CodeFactorWrong; CodeSignInFailed where nobody
// is known yet). A challenge that has been used, has expired, was tried too often, or
// whose user has another password since, is CodeChallengeUnknown.
func (s *Service) AnswerSecondStep(ctx context.Context, c AnswerSecondStep) (SignedIn, error) {
	var in SignedIn
	a, err := s.answer(ctx, c, uuid.Nil)
	if err == nil {
		in, err = s.beginSession(ctx, a.entrant, c.From, a.challenge.AtIssuer, a.factor)
	}
	s.noteSignIn(ctx, bySecondStep, a.entrant, c.From, in, err)
	if err != nil {
		return SignedIn{}, err
	}
	s.remember(ctx, a.here, a.user.UID)
	s.forgetAttempts(ctx, s.apart("sign in", a.here, s.withEmail(emailKey(a.user.State.Person.Email))))
	s.forgetAttempts(ctx, a.of)
	s.forgiveAttempt(ctx, a.address)
	return in, nil
}

// answered is a challenge whose answer was right, which is used by that. Attempts were
// counted for of and address, and are for the caller to forget.
type answered struct {
	entrant
	challenge   ports.Challenge
	factor      uuid.UUID
	here        usual
	of, address counted
}

// answer looks at the answer to a challenge of a session; uuid.Nil: of none.
func (s *Service) answer(ctx context.Context, c AnswerSecondStep, session uuid.UUID) (a answered, err error) {
	a.address = s.fromAddress(c.Address)
	if err := s.mayTry(ctx, a.address); err != nil {
		return a, err
	}
	hash := access.Hash(c.Challenge)
	a.challenge, err = s.options.Factors.Try(ctx, hash, s.now(), challengeTries)
	if errors.Is(err, query.ErrNotFound) || err == nil && (a.challenge.Factor != uuid.Nil || a.challenge.Session != session) {
		err = domain.Refuse(challengeUnknown)
	}
	if err != nil {
		return a, err
	}
	if a.entrant, err = s.challenged(ctx, a.challenge, c); err != nil {
		return a, err
	}
	if a.here, err = s.usualFor(ctx, emailKey(a.user.State.Person.Email), c.Address); err != nil {
		return a, err
	}
	a.of = s.apart("second factor", a.here, counted{s.tokens.Pseudonym("second factor of", a.user.UID.String()), s.options.SignIns.PerEmail})
	if err := s.mayTry(ctx, a.of); err != nil {
		return a, err
	}
	if a.factor, err = s.prove(ctx, a.entrant, a.challenge, c); err != nil {
		return a, s.notProved(ctx, a.entrant, a.challenge, hash, err, len(c.Passkey) > 0)
	}
	if session == uuid.Nil && a.account.Security.IssuerOnly && !a.challenge.AtIssuer {
		return a, domain.Refuse(issuerRequired)
	}
	if was, err := s.options.Factors.Finish(ctx, hash); err != nil || !was { // of two at once one goes on
		return a, orRefuse(err, challengeUnknown)
	}
	return a, nil
}

// challenged is whom a challenge is for, or whose passkey answers it.
func (s *Service) challenged(ctx context.Context, challenge ports.Challenge, c AnswerSecondStep) (entrant, error) {
	uid := challenge.User
	if uid == uuid.Nil {
		if len(c.Passkey) == 0 || s.options.Passkeys == nil {
			return entrant{}, domain.Refuse(challengeUnknown)
		}
		uid = s.options.Passkeys.WhoseIs(c.Passkey)
	}
	e, err := s.entrant(ctx, uid)
	switch {
	case err != nil:
		return entrant{}, err
	case !e.enters() && challenge.User == uuid.Nil:
		return entrant{}, domain.Refuse(passkeyUnknown)
	case !e.enters() || challenge.User != uuid.Nil && e.user.State.Credential != challenge.Credential:
		return entrant{}, domain.Refuse(challengeUnknown)
	}
	return e, nil
}

// prove gives the factor, or the set of recovery codes, that an answer proves, which is
// used by that, else ports.ErrFactorWrong.
func (s *Service) prove(ctx context.Context, e entrant, challenge ports.Challenge, c AnswerSecondStep) (uuid.UUID, error) {
	u := e.user.State
	secrets, err := s.options.Factors.Of(ctx, u.UID)
	if err != nil {
		return uuid.Nil, err
	}
	switch {
	case len(c.Passkey) > 0:
		if s.options.Passkeys == nil || len(challenge.Passkey) == 0 {
			return uuid.Nil, ports.ErrFactorWrong
		}
		factor, count, err := s.options.Passkeys.Answered(u.UID, inForce(u, user.Passkey, secrets), challenge.Passkey, c.Passkey)
		if err != nil {
			return uuid.Nil, err
		}
		return s.use(ctx, factor, count)
	case challenge.Alone:
		return uuid.Nil, ports.ErrFactorWrong
	case c.RecoveryCode != "":
		return s.useRecoveryCode(ctx, e, secrets, c.RecoveryCode)
	}
	for _, f := range inForce(u, user.OneTimeCodes, secrets) {
		if step, ok := s.options.OneTime.Step(f.Secret, c.Code); ok {
			return s.use(ctx, f.ID, step)
		}
	}
	return uuid.Nil, ports.ErrFactorWrong
}

// use lets nothing be used twice.
func (s *Service) use(ctx context.Context, factor uuid.UUID, count int64) (uuid.UUID, error) {
	fresh, err := s.options.Factors.Use(ctx, factor, count, s.now())
	if err == nil && !fresh {
		err = ports.ErrFactorWrong
	}
	return factor, err
}

// notProved is the answer to somebody who did not prove a factor. What a passkey is
// asked is asked once: after a wrong answer the sign-in begins anew.
func (s *Service) notProved(ctx context.Context, e entrant, challenge ports.Challenge, hash []byte, err error, passkey bool) error {
	if !errors.Is(err, ports.ErrFactorWrong) {
		return err
	}
	s.executor.Logger.WarnContext(ctx, "a second factor was refused", "user", e.user.UID, "error", err)
	if passkey {
		if _, err := s.options.Factors.Finish(ctx, hash); err != nil {
			return err
		}
	}
	if challenge.User == uuid.Nil {
		return domain.Refuse(passkeyUnknown)
	}
	return domain.Refuse(factorWrong)
}

// useRecoveryCode uses a recovery code. The event decides that it is the first time.
func (s *Service) useRecoveryCode(ctx context.Context, e entrant, secrets []ports.Factor, code string) (uuid.UUID, error) {
	codes := e.user.State.Recovery.Codes
	number := matchRecoveryCode(codes, secrets, code)
	if number < 0 {
		return uuid.Nil, ports.ErrFactorWrong
	}
	env := s.executor.Begin(domain.Actor{Kind: domain.ActorUser, ID: e.user.UID.String(), Account: e.account.UID}, command.Command{})
	_, err := command.Execute(ctx, env, command.Loaded(user.Aggregate, e.user), func(u user.State) ([]domain.Event, error) {
		return user.DecideUseCode(u, codes, number)
	})
	if isRefusal(err) {
		err = ports.ErrFactorWrong
	}
	return codes, err
}

func orRefuse(err error, p domain.Problem) error {
	if err == nil {
		err = domain.Refuse(p)
	}
	return err
}
