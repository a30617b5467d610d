package people

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// RenewInvitation sends a user's invitation of a number again where it waits, and was
// made with a former secret.
func (s *Service) RenewInvitation(ctx context.Context, env command.Env, uid uuid.UUID, number int) error {
	return s.renew(ctx, env, uid, func(u user.State) ([]domain.Event, error) {
		i := u.Invitation
		if i.Number != number || u.StatusAt(env.At) != user.Pending || access.Fits(i.TokenHash, s.tokens.UserInvitation(uid, number)) {
			return nil, nil
		}
		return user.DecideResend(u, s.invitation(env, uid, number+1), env.At)
	})
}

// RenewReset is RenewInvitation for the reset of a password.
func (s *Service) RenewReset(ctx context.Context, env command.Env, uid uuid.UUID, number int) error {
	return s.renew(ctx, env, uid, func(u user.State) ([]domain.Event, error) {
		r := u.Reset
		if r.Number != number || !waits(r.TokenHash, r.Expires, env.At) || access.Fits(r.TokenHash, s.tokens.PasswordReset(uid, number)) {
			return nil, nil
		}
		return user.DecideRequestReset(u, s.reset(env, uid, number+1))
	})
}

// RenewEmailChange is RenewInvitation for another e-mail address.
func (s *Service) RenewEmailChange(ctx context.Context, env command.Env, uid uuid.UUID, number int) error {
	return s.renew(ctx, env, uid, func(u user.State) ([]domain.Event, error) {
		c := u.Change
		if c.Number != number || u.Wanted == "" || !waits(c.TokenHash, c.Expires, env.At) || access.Fits(c.TokenHash, s.tokens.EmailChange(uid, number)) {
			return nil, nil
		}
		return user.DecideRequestEmail(u, u.Wanted, s.emailChange(env, u))
	})
}

func (s *Service) renew(ctx context.Context, env command.Env, uid uuid.UUID, decide command.Decide[user.State]) error {
	_, err := command.Execute(ctx, env, command.On(user.Aggregate, uid), decide)
	return err
}

// waits reports whether something can still be used.
func waits(tokenHash []byte, expires, now time.Time) bool {
	return len(tokenHash) > 0 && now.Before(expires)
}

// Former are a user's personal tokens and calendars that were made with a former
// secret and so are of no use.
type Former struct {
	User   uuid.UUID
	Person account.Person // zero: nobody to tell
	Tokens []ports.UsersToken
}

// IDs are those of the tokens.
func (f Former) IDs() []uuid.UUID {
	ids := make([]uuid.UUID, len(f.Tokens))
	for i, t := range f.Tokens {
		ids[i] = t.ID
	}
	return ids
}

// FormerTokens are those of all users that have not run out.
func (s *Service) FormerTokens(ctx context.Context) ([]Former, error) {
	var all []Former
	err := s.options.Store.EachToken(ctx, s.now(), func(t ports.UsersToken) {
		made := s.tokens.Personal(t.ID)
		if t.Calendar {
			made = s.tokens.Calendar(t.ID)
		}
		if access.Fits(t.Hash, made) {
			return
		}
		if n := len(all); n == 0 || all[n-1].User != t.User {
			all = append(all, Former{User: t.User})
		}
		last := &all[len(all)-1]
		last.Tokens = append(last.Tokens, t)
	})
	for i := range all {
		if err != nil {
			break
		}
		var u user.State
		var enters bool
		if u, enters, err = s.WhoIs(ctx, all[i].User); enters && !u.Person.IsGone() {
			all[i].Person = u.Person
		}
	}
	return all, err
}

// EndFormer ends them, all at once.
func (s *Service) EndFormer(ctx context.Context, f Former) error {
	return s.options.Store.EndTokens(ctx, f.IDs(), s.now())
}
