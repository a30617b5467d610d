package people

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Limits of personal tokens.
const (
	maxLabel       = 100
	maxTokenInDays = 366
)

// CreateToken makes a personal API token: with a profile's rights or with those
// listed, and never with more than the user has.
type CreateToken struct {
	command.Command
	Label     string
	Profile   string
	Rights    []string
	ExpiresAt time.Time
}

// CreatedToken is a personal token with its secret, which is shown only here.
type CreatedToken struct {
	ports.PersonalToken
	Token string
}

// CreateToken makes a token for the caller, who has signed in
// (CodeSessionRequired), and lately (access.ErrFreshSignInRequired). The secret follows from the command: repeated with its
// id, the answer is the same, though nobody keeps it. The event comes before the secret is
// shown: of one that was not recorded nobody has the secret.
func (s *Service) CreateToken(ctx context.Context, caller access.Caller, c CreateToken) (CreatedToken, error) {
	uid, err := signedIn(caller)
	if err != nil {
		return CreatedToken{}, err
	}
	req := s.access.Request(caller)
	if err := req.MayWrite(ctx, ""); err != nil {
		return CreatedToken{}, err
	}
	if err := s.access.Fresh(caller); err != nil {
		return CreatedToken{}, err
	}
	env := s.executor.Begin(caller.Actor, c.Command)
	profile, err := profileOfToken(ctx, req, c.Profile)
	if err != nil {
		return CreatedToken{}, err
	}
	t, err := c.normalise(profile, caller.InOwn(), env.At)
	if err != nil {
		return CreatedToken{}, err
	}
	t.ID, t.User, t.Account, t.Credential = env.Derive("token of "+uid.String()), uid, caller.Own(), caller.Credential
	secret := s.tokens.Personal(t.ID)
	kept, err := s.options.Store.CreateToken(ctx, t, access.Hash(secret))
	if err != nil {
		return CreatedToken{}, err
	}
	if kept.Label != t.Label || kept.Profile != t.Profile || !slices.Equal(kept.Rights, t.Rights) || !kept.ExpiresAt.Equal(t.ExpiresAt) {
		return CreatedToken{}, domain.Refuse(domain.Problem{
			Code: command.CodeIdempotencyReuse, Detail: "The idempotency key was used for another token.",
		})
	}
	_, err = command.Execute(ctx, env, command.On(user.Aggregate, uid), func(u user.State) ([]domain.Event, error) {
		return user.DecideMakeToken(u, t.ID, t.Label, t.ExpiresAt)
	})
	if isRefusal(err) {
		if err := s.options.Store.RevokeToken(ctx, uid, t.ID); err != nil {
			s.executor.Logger.WarnContext(ctx, "a personal token stays that nobody was shown", "user", uid, "error", err)
		}
	}
	if err != nil {
		return CreatedToken{}, err
	}
	s.noteToken(ctx, ports.SecurityTokenMade, caller, kept.Account, uid, "personal "+kept.ID.String())
	return CreatedToken{PersonalToken: kept, Token: secret}, nil
}

// profileOfToken is the profile of the caller's account that a token is to have.
func profileOfToken(ctx context.Context, req *access.Request, id string) (rights.Profile, error) {
	if p, ok := rights.Find(id); ok || id == "" {
		return p, nil
	}
	acc, err := req.Account(ctx, req.Caller.Own())
	return acc.Profile(id), err
}

// normalise checks the input and gives all its problems at once. held are the
// rights of the user.
func (c CreateToken) normalise(profile rights.Profile, held rights.Set, now time.Time) (ports.PersonalToken, error) {
	t := ports.PersonalToken{Profile: c.Profile, CreatedAt: now.Truncate(time.Microsecond), ExpiresAt: c.ExpiresAt.UTC().Truncate(time.Microsecond)}
	label, problems := command.FreeText(c.Label, maxLabel, CodeLabelInvalid)
	problems = domain.At("/label", problems)
	if label == "" && len(problems) == 0 {
		problems = append(problems, domain.Problem{Pointer: "/label", Code: CodeLabelInvalid, Detail: "A token needs a label, to know it by."})
	}
	t.Label = label
	if !t.ExpiresAt.After(now) || t.ExpiresAt.After(now.AddDate(0, 0, maxTokenInDays)) {
		problems = append(problems, domain.Problem{Pointer: "/expiresAt", Code: CodeExpiryInvalid, Detail: "A token expires in the future, within a year."})
	}
	for _, r := range slices.Compact(slices.Sorted(slices.Values(c.Rights))) {
		t.Rights = append(t.Rights, rights.Right(r))
	}
	switch {
	case (c.Profile == "") == (len(c.Rights) == 0):
		problems = append(problems, domain.Problem{Pointer: "/rights", Code: account.CodeRightsMissing, Detail: "Name either rights or a profile."})
	case c.Profile == "":
		problems = append(problems, notHeld(t.Rights, held)...)
	case !profile.Exists():
		problems = append(problems, domain.Problem{Pointer: "/profile", Code: user.CodeProfileUnknown, Detail: "There is no such profile."})
	default:
		problems = append(problems, notHeld(profile.Rights, held)...)
	}
	return t, domain.Refuse(problems...)
}

// notHeld is what stands against rights that a token is to have.
func notHeld(asked, held rights.Set) []domain.Problem {
	var problems []domain.Problem
	for _, r := range asked {
		switch {
		case !rights.Operator().Has(r):
			problems = append(problems, domain.Problem{Pointer: "/rights", Code: account.CodeRightUnknown, Detail: "There is no such right."})
		case !held.Has(r):
			problems = append(problems, domain.Problem{
				Pointer: "/rights", Code: CodeRightNotHeld, Detail: "A token cannot have the right " + string(r) + ": the user does not have it.",
			})
		}
	}
	return problems
}

// Tokens are the caller's own that have not ended, newest first; expired ones
// are among them. The caller has signed in (CodeSessionRequired).
func (s *Service) Tokens(ctx context.Context, caller access.Caller) ([]ports.PersonalToken, error) {
	uid, err := signedIn(caller)
	if err != nil {
		return nil, err
	}
	return s.tokensOf(ctx, uid)
}

func (s *Service) tokensOf(ctx context.Context, uid uuid.UUID) ([]ports.PersonalToken, error) {
	all, err := s.options.Store.Tokens(ctx, uid)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	found, err := s.user(ctx, uid)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(t ports.PersonalToken) bool { return !goesOn(t.Credential, found.State) }), nil
}

// goesOn reports whether the password is still in force that a token or a calendar rests
// on. One of which that is not known ends by being revoked.
func goesOn(credential uuid.UUID, u user.State) bool {
	return credential == uuid.Nil || credential == u.Credential
}

// RevokeToken makes one of the caller's own tokens useless. The caller has signed
// in (CodeSessionRequired).
func (s *Service) RevokeToken(ctx context.Context, caller access.Caller, id uuid.UUID) error {
	uid, err := signedIn(caller)
	if err != nil {
		return err
	}
	if err := s.options.Store.RevokeToken(ctx, uid, id); err != nil {
		return err
	}
	s.noteToken(ctx, ports.SecurityTokenEnded, caller, caller.Own(), uid, "personal "+id.String())
	return nil
}

// TokenCaller is the user of a personal token, with what the token and the user
// both may at this moment; query.ErrNotFound for a token that no longer exists,
// or whose user may not enter any more or has another password since.
func (s *Service) TokenCaller(ctx context.Context, token string) (access.Caller, error) {
	t, err := s.options.Store.TokenByHash(ctx, access.Hash(token))
	if err != nil {
		return access.Caller{}, err
	}
	if !s.now().Before(t.ExpiresAt) || !s.tokens.IsPersonal(t.ID, token) {
		return access.Caller{}, query.ErrNotFound
	}
	e, err := s.entrant(ctx, t.User)
	if err == nil && !goesOn(t.Credential, e.user.State) {
		err = query.ErrNotFound
	}
	if err != nil {
		return access.Caller{}, err
	}
	return e.callerWith(t)
}

// callerWith is the user as a caller who uses a personal token.
func (e entrant) callerWith(t ports.PersonalToken) (access.Caller, error) {
	c, err := e.caller()
	if err != nil {
		return access.Caller{}, err
	}
	limit := t.Rights
	if t.Profile != "" {
		limit = e.account.Profile(t.Profile).Rights
	}
	c.Token, c.UsedAt = t.ID, t.UsedAt
	return limited(c, limit), nil
}

// limited is a caller with a part of its rights.
func limited(c access.Caller, limit rights.Set) access.Caller {
	if limit == nil {
		limit = rights.Set{} // nothing, which is not the same as no limit
	}
	c.Administrator, c.Rights, c.Limit = false, rights.Common(c.Rights, limit), limit
	return c
}
