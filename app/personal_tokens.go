package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Codes of refusals about personal tokens.
const (
	CodeLabelInvalid   = "label_invalid"
	CodeRightsMissing  = account.CodeRightsMissing
	CodeRightUnknown   = account.CodeRightUnknown
	CodeRightNotHeld   = "right_not_held"
	CodeExpiryInvalid  = "expiry_invalid"
	CodeCommandReused  = "idempotency_key_reused"
	maxLabel           = 100
	longestTokenInDays = 366
)

// CreateToken makes a personal API token: with a profile's rights or with those
// listed, and never with more than the user has.
type CreateToken struct {
	Command
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

// CreateToken makes a token for the user who has signed in. The secret follows
// from the command: repeated with its id, the answer is the same, though nobody
// keeps it.
func (a *App) CreateToken(ctx context.Context, caller access.Caller, c CreateToken) (CreatedToken, error) {
	uid, err := signedIn(caller)
	if err != nil {
		return CreatedToken{}, err
	}
	if err := a.access(caller).open(ctx, ""); err != nil {
		return CreatedToken{}, err
	}
	w := a.write(caller, c.Command)
	profile, err := a.profileOfToken(ctx, caller, c.Profile)
	if err != nil {
		return CreatedToken{}, err
	}
	t, err := newToken(c, profile, caller, w.at)
	if err != nil {
		return CreatedToken{}, err
	}
	t.ID, t.User, t.Account = w.derive("token of "+uid.String()), uid, caller.Own()
	mac := hmac.New(sha256.New, a.secret)
	mac.Write([]byte("personal token\x00" + t.ID.String()))
	secret := access.PersonalPrefix + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	kept, err := a.people.Store.CreateToken(ctx, t, hashToken(secret))
	if err != nil {
		return CreatedToken{}, err
	}
	if kept.Label != t.Label || kept.Profile != t.Profile || !slices.Equal(kept.Rights, t.Rights) || !kept.ExpiresAt.Equal(t.ExpiresAt) {
		return CreatedToken{}, domain.Refuse(domain.Problem{Code: CodeCommandReused, Detail: "The idempotency key was used for another token."})
	}
	return CreatedToken{PersonalToken: kept, Token: secret}, nil
}

// profileOfToken is the profile of the user's account that a token is to have.
func (a *App) profileOfToken(ctx context.Context, caller access.Caller, id string) (rights.Profile, error) {
	if p, ok := rights.Find(id); ok || id == "" {
		return p, nil
	}
	s, err := a.account(ctx, caller.Own())
	return s.Profile(id), err
}

// newToken checks the input and gives all its problems at once.
func newToken(c CreateToken, profile rights.Profile, caller access.Caller, now time.Time) (ports.PersonalToken, error) {
	t := ports.PersonalToken{Profile: c.Profile, CreatedAt: now.Truncate(time.Microsecond), ExpiresAt: c.ExpiresAt.UTC().Truncate(time.Microsecond)}
	var problems, p []domain.Problem
	refuse := func(pointer, code, detail string) {
		problems = append(problems, domain.Problem{Pointer: pointer, Code: code, Detail: detail})
	}
	t.Label, p = freeText(c.Label, maxLabel, CodeLabelInvalid)
	problems = append(problems, at("/label", p)...)
	if t.Label == "" && len(p) == 0 {
		refuse("/label", CodeLabelInvalid, "A token needs a label, to know it by.")
	}
	if !t.ExpiresAt.After(now) || t.ExpiresAt.After(now.AddDate(0, 0, longestTokenInDays)) {
		refuse("/expiresAt", CodeExpiryInvalid, "A token expires in the future, within a year.")
	}
	asked := rights.Set{}
	switch {
	case (c.Profile == "") == (len(c.Rights) == 0):
		refuse("/rights", CodeRightsMissing, "Name either rights or a profile.")
	case c.Profile != "" && !profile.Exists():
		refuse("/profile", user.CodeProfileUnknown, "There is no such profile.")
	case c.Profile != "":
		asked = profile.Rights
	default:
		for _, r := range slices.Compact(slices.Sorted(slices.Values(c.Rights))) {
			t.Rights = append(t.Rights, rights.Right(r))
		}
		asked = t.Rights
	}
	for _, r := range asked {
		switch {
		case !everything.Has(r):
			refuse("/rights", CodeRightUnknown, "There is no such right.")
		case !ownRights(caller).Has(r):
			refuse("/rights", CodeRightNotHeld, "A token cannot have the right "+string(r)+": the user has it not.")
		}
	}
	return t, domain.Refuse(problems...)
}

// Tokens are the caller's own that were not revoked, newest first; expired ones
// are among them.
func (a *App) Tokens(ctx context.Context, caller access.Caller) ([]ports.PersonalToken, error) {
	uid, err := signedIn(caller)
	if err != nil {
		return nil, err
	}
	return a.people.Store.Tokens(ctx, uid)
}

// RevokeToken makes one of the caller's own tokens useless.
func (a *App) RevokeToken(ctx context.Context, caller access.Caller, id uuid.UUID) error {
	uid, err := signedIn(caller)
	if err != nil {
		return err
	}
	return a.people.Store.RevokeToken(ctx, uid, id)
}

// TokenCaller is the user of a personal token, with what the token and the user
// both may at this moment; ErrNotFound for a token that is no more, or whose user
// may not enter any more.
func (a *App) TokenCaller(ctx context.Context, token string) (access.Caller, error) {
	t, err := a.people.Store.TokenByHash(ctx, hashToken(token))
	if err != nil {
		return access.Caller{}, err
	}
	if !a.clock.Now().Before(t.ExpiresAt) {
		return access.Caller{}, query.ErrNotFound
	}
	person, err := a.user(ctx, t.User)
	if err != nil {
		return access.Caller{}, err
	}
	c, err := a.userCaller(ctx, person)
	if err != nil {
		return access.Caller{}, err
	}
	limit := t.Rights
	if t.Profile != "" {
		if limit, err = a.ProfileRights(ctx, t.Account, t.Profile); err != nil {
			return access.Caller{}, err
		}
	}
	if limit == nil {
		limit = rights.Set{} // nothing, which is not the same as no limit
	}
	c.Administrator, c.Rights, c.Limit = false, rights.Common(c.Rights, limit), limit
	return c, nil
}
