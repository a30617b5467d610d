package people

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/user"
)

// setupTime is how long a factor can be confirmed that is being set up.
const setupTime = 15 * time.Minute

// AddFactor begins to set up a second factor.
type AddFactor struct {
	command.Command
	Kind user.FactorKind
	Name string
}

// FactorBegun is a factor that is in force once it is confirmed, until Expires: with a
// code of the Secret, which URI has for apps, or with what a browser makes of Passkey.
type FactorBegun struct {
	ID          uuid.UUID
	Kind        user.FactorKind
	Name        string
	Expires     time.Time
	Secret, URI string
	Passkey     json.RawMessage
}

// AddFactor begins to set up a second factor of the caller, who has signed in
// (CodeSessionRequired), and lately (access.ErrFreshSignInRequired). Repeated with the same command it is the same factor.
func (s *Service) AddFactor(ctx context.Context, caller access.Caller, c AddFactor) (FactorBegun, error) {
	uid, err := settingUp(caller)
	if err == nil {
		err = s.access.Fresh(caller)
	}
	if err != nil {
		return FactorBegun{}, err
	}
	name, problems := user.NormaliseFactorName(c.Name)
	if c.Kind == user.Passkey && s.options.Passkeys == nil {
		problems = append(problems, passkeysUnavailable)
	}
	if len(problems) > 0 {
		return FactorBegun{}, domain.Refuse(problems...)
	}
	found, err := s.user(ctx, uid)
	if err != nil {
		return FactorBegun{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	id := env.Derive("factor of " + uid.String())
	if found.State.Factor(id).ID != uuid.Nil {
		return FactorBegun{}, domain.Refuse(factorReused)
	}
	if _, err := user.DecideAddFactor(found.State, user.Factor{ID: id, Kind: c.Kind, Name: name}); err != nil {
		return FactorBegun{}, err
	}
	challenge, err := s.setUp(ctx, found.State, c.Kind)
	if err != nil {
		return FactorBegun{}, err
	}
	challenge.User, challenge.Factor, challenge.Kind, challenge.Name = uid, id, string(c.Kind), name
	challenge.Expires = env.At.Add(setupTime).Truncate(time.Microsecond)
	kept, err := s.options.Factors.Begin(ctx, setupHash(id), challenge, env.At)
	if err == nil && (kept.User != uid || kept.Kind != challenge.Kind || kept.Name != name) {
		err = domain.Refuse(factorReused)
	}
	if err != nil {
		return FactorBegun{}, err
	}
	begun := FactorBegun{ID: id, Kind: c.Kind, Name: name, Expires: kept.Expires, Passkey: kept.Options}
	if c.Kind == user.OneTimeCodes {
		begun.Secret, begun.URI = s.options.OneTime.Show(kept.Secret, found.State.Person.Email)
	}
	return begun, nil
}

// setUp makes the secret of a factor, or asks a browser to.
func (s *Service) setUp(ctx context.Context, u user.State, kind user.FactorKind) (c ports.Challenge, err error) {
	if kind == user.OneTimeCodes {
		c.Secret, err = s.options.OneTime.New()
		return c, err
	}
	secrets, err := s.options.Factors.Of(ctx, u.UID)
	if err != nil {
		return c, err
	}
	c.Options, c.Passkey, err = s.options.Passkeys.Register(u.UID, u.Person.Email, cmp.Or(u.Person.Name, u.Person.Email), inForce(u, user.Passkey, secrets))
	return c, err
}

// setupHash is what a factor that is being set up is kept under: only its own user
// finishes it.
func setupHash(factor uuid.UUID) []byte { return access.Hash("set up " + factor.String()) }

// ConfirmFactor proves that the caller has the factor, which is in force from then on.
type ConfirmFactor struct {
	command.Command
	Factor  uuid.UUID
	Code    string
	Passkey json.RawMessage
}

// ConfirmFactor puts a factor of the caller in force. The caller has signed in
// (CodeSessionRequired); query.ErrNotFound for a factor that was not begun, or too long
// ago. Sessions that began without a factor end, but for the caller's own, which rests
// on this one then. The secret is kept first and the event names it, as a password is.
func (s *Service) ConfirmFactor(ctx context.Context, caller access.Caller, c ConfirmFactor) (command.Receipt, error) {
	uid, err := settingUp(caller)
	if err != nil {
		return command.Receipt{}, err
	}
	found, err := s.user(ctx, uid)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	decided := found.State.Factor(c.Factor)
	if decided.ID == uuid.Nil {
		kept, err := s.confirmed(ctx, uid, c)
		if err != nil {
			return command.Receipt{}, err
		}
		kept.CreatedAt = env.At
		if err := s.options.Factors.Put(ctx, kept.Factor); err != nil {
			if errors.Is(err, ports.ErrPasskeyTaken) {
				err = domain.Refuse(passkeyTaken)
			}
			return command.Receipt{}, err
		}
		decided = user.Factor{ID: c.Factor, Kind: user.FactorKind(kept.Kind), Name: kept.name}
	}
	r, err := command.Execute(ctx, env, command.Loaded(user.Aggregate, found), func(u user.State) ([]domain.Event, error) {
		return user.DecideAddFactor(u, decided)
	})
	if err == nil && r.State.Factor(c.Factor).ID == uuid.Nil { // another command had its id
		err = domain.Refuse(factorReused)
	}
	if err == nil {
		if _, err := s.options.Factors.Finish(ctx, setupHash(c.Factor)); err != nil {
			s.executor.Logger.WarnContext(ctx, "a factor that is set up stays begun", "user", uid, "error", err)
		}
	}
	s.settleFactors(ctx, caller, r.Now, c.Factor, err)
	return command.Receive(r, err)
}

// confirmedFactor is the secret of a factor that was confirmed, with its name.
type confirmedFactor struct {
	ports.Factor
	name string
}

// confirmed checks what confirms a factor. Of what a browser was asked there is one answer.
func (s *Service) confirmed(ctx context.Context, uid uuid.UUID, c ConfirmFactor) (confirmedFactor, error) {
	hash := setupHash(c.Factor)
	begun, err := s.options.Factors.Try(ctx, hash, s.now(), challengeTries)
	if err == nil && begun.User != uid {
		err = query.ErrNotFound
	}
	if err != nil {
		return confirmedFactor{}, err
	}
	f := confirmedFactor{Factor: ports.Factor{ID: c.Factor, User: uid, Kind: begun.Kind, Secret: begun.Secret}, name: begun.Name}
	if begun.Kind == string(user.OneTimeCodes) {
		step, ok := s.options.OneTime.Step(begun.Secret, c.Code)
		if !ok {
			return f, pointing("/code", domain.Refuse(notConfirmed))
		}
		f.Count = step // this code opens nothing any more
		return f, nil
	}
	if s.options.Passkeys == nil {
		return f, domain.Refuse(passkeysUnavailable)
	}
	made, err := s.options.Passkeys.Registered(uid, begun.Passkey, c.Passkey)
	if errors.Is(err, ports.ErrFactorWrong) {
		s.executor.Logger.WarnContext(ctx, "a passkey was not registered", "user", uid, "error", err)
		if _, err := s.options.Factors.Finish(ctx, hash); err != nil {
			return f, err
		}
		return f, pointing("/passkey", domain.Refuse(notConfirmed))
	}
	f.Secret, f.Unique, f.Count = made.Secret, made.Unique, made.Count
	return f, err
}

// OwnFactors are the second factors of the caller.
type OwnFactors struct {
	Factors  []OwnFactor
	Recovery user.Recovery
	Required bool // by the account
	Passkeys bool // can be made here
}

// OwnFactor is one of them. CreatedAt and UsedAt are zero where that is not known.
type OwnFactor struct {
	user.Factor
	CreatedAt, UsedAt time.Time
}

// Factors are the caller's own, who has signed in (CodeSessionRequired), in the order
// in which they were added.
func (s *Service) Factors(ctx context.Context, caller access.Caller) (OwnFactors, error) {
	uid, err := settingUp(caller)
	if err != nil || uid == operatorUser {
		return OwnFactors{}, err
	}
	e, err := s.entrant(ctx, uid)
	if err != nil {
		return OwnFactors{}, err
	}
	secrets, err := s.options.Factors.Of(ctx, uid)
	if err != nil {
		return OwnFactors{}, err
	}
	own := OwnFactors{Recovery: e.user.State.Recovery, Required: e.account.Security.SecondFactor, Passkeys: s.options.Passkeys != nil}
	for _, f := range e.user.State.Factors {
		shown := OwnFactor{Factor: f}
		if i := slices.IndexFunc(secrets, func(kept ports.Factor) bool { return kept.ID == f.ID }); i >= 0 {
			shown.CreatedAt, shown.UsedAt = secrets[i].CreatedAt, secrets[i].UsedAt
		}
		own.Factors = append(own.Factors, shown)
	}
	return own, nil
}

// RemoveFactor ends a factor of the caller, who has signed in (CodeSessionRequired), and
// lately (access.ErrFreshSignInRequired), and the sessions that began with it, but for the caller's own. The last one stays while
// the account requires one.
func (s *Service) RemoveFactor(ctx context.Context, caller access.Caller, factor uuid.UUID, c command.Command) (command.Receipt, error) {
	uid, err := signedIn(caller)
	if err != nil || uid == operatorUser {
		return command.Receipt{}, access.OrNotFound(err)
	}
	if err := s.access.Fresh(caller); err != nil {
		return command.Receipt{}, err
	}
	e, err := s.entrant(ctx, uid)
	if err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c)
	r, err := command.Execute(ctx, env, command.Loaded(user.Aggregate, e.user), func(u user.State) ([]domain.Event, error) {
		if u.Factor(factor).ID == uuid.Nil {
			return nil, query.ErrNotFound
		}
		return user.DecideRemoveFactor(u, factor, e.account.Security.SecondFactor)
	})
	if !c.DryRun {
		s.settleFactors(ctx, caller, r.Now, uuid.Nil, err)
	}
	return command.Receive(r, err)
}

// ResetFactors takes away all second factors of a user who has lost them, and ends the
// sessions of the user. It needs users.manage in the account and a fresh sign-in
// (access.ErrFreshSignInRequired), and is not for
// the caller's own: those are removed one by one.
func (s *Service) ResetFactors(ctx context.Context, caller access.Caller, c UserCommand) (command.Receipt, error) {
	_, found, err := s.managed(ctx, caller, c)
	if err != nil {
		return command.Receipt{}, err
	}
	if caller.Actor.Kind == domain.ActorUser && caller.Actor.ID == c.User.String() {
		return command.Receipt{}, domain.Refuse(ownFactors)
	}
	if err := s.access.Fresh(caller); err != nil {
		return command.Receipt{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	r, err := command.Execute(ctx, env, c.on(found), user.DecideResetFactors)
	if err == nil && !c.DryRun {
		err := errors.Join(s.options.Store.EndSessions(ctx, c.User, time.Time{}, uuid.Nil), s.TidyFactors(ctx, c.User))
		if err != nil {
			s.executor.Logger.WarnContext(ctx, "sessions and secrets of second factors stay that are of no use", "user", c.User, "error", err)
		}
	}
	return command.Receive(r, err)
}

// settleFactors drops the secrets that are not in force, after the outcome of a
// command about the caller's factors, and lets the caller's session go on. made is what
// the command kept. Where the outcome is unknown all stays; what no event names opens
// nothing.
func (s *Service) settleFactors(ctx context.Context, caller access.Caller, u user.State, made uuid.UUID, outcome error) {
	var err error
	switch {
	case outcome == nil:
		if rests := restsOn(u, caller.Factor); rests != caller.Factor {
			err = s.options.Store.ProveSession(ctx, caller.Session, rests)
		}
		err = errors.Join(err, s.TidyFactors(ctx, u.UID))
	case isRefusal(outcome) && made != uuid.Nil:
		err = s.options.Factors.Drop(ctx, made)
	}
	if err != nil {
		s.executor.Logger.WarnContext(ctx, "secrets of second factors stay that are of no use, or the session ends", "error", err)
	}
}

// restsOn is what a session goes on to rest on when its user has changed the factors in it.
func restsOn(u user.State, factor uuid.UUID) uuid.UUID {
	switch {
	case u.Proves(factor):
		return factor
	case len(u.Factors) == 0:
		return uuid.Nil
	}
	return u.Factors[0].ID
}

// TidyFactors drops the secrets of a user's factors that the log does not name, or does
// not name any more, and the sessions that do not rest on what the user has: one that
// began without a factor would go on once the user has none again. A secret that was
// just kept may be about to be named.
func (s *Service) TidyFactors(ctx context.Context, uid uuid.UUID) error {
	sessions, err := s.options.Store.Sessions(ctx, uid, s.now())
	if err != nil {
		return err
	}
	secrets, err := s.options.Factors.Of(ctx, uid)
	if err != nil {
		return err
	}
	found, err := s.user(ctx, uid)
	if err != nil {
		return err
	}
	u := found.State
	for _, session := range sessions { // as they were before the user was read
		if u.Proves(session.Factor) {
			continue
		}
		if err := s.options.Store.EndSession(ctx, uid, session.ID); err != nil && !errors.Is(err, query.ErrNotFound) {
			return err
		}
	}
	for _, f := range secrets {
		named := !u.Erased && (u.Factor(f.ID).ID != uuid.Nil || u.Recovery.Codes == f.ID)
		switch {
		case named && !f.Settled:
			err = s.options.Factors.Settle(ctx, f.ID)
		case !named && (f.Settled || f.CreatedAt.Before(s.now().Add(-longestCommand))):
			err = s.options.Factors.Drop(ctx, f.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ForgetFactors drops secrets that were left by commands that died.
func (s *Service) ForgetFactors(ctx context.Context) error {
	var after uuid.UUID
	for {
		page, err := s.options.Factors.Unsettled(ctx, s.now().Add(-longestCommand), after, credentialsAtOnce)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, f := range page {
			after = f.ID
			if err := s.TidyFactors(ctx, f.User); err != nil {
				return err
			}
		}
	}
}
