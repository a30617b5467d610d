package people

import (
	"context"
	"time"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Invited is whom a token invites to which account. Status is the account's, or
// for the invitation of a user the user's: active when it was accepted.
type Invited struct {
	Account         query.AccountRow // what it is and how it is called
	Person          account.Person
	Administrator   bool
	Status          account.Status
	Expires         time.Time
	PasswordMinimum int
}

// Invitation shows whom a token invites to what, query.ErrNotFound when it is not
// that of the latest invitation. Of one that was used, or of an account that is closed,
// it does not tell any more who was invited: links stay in mailboxes.
func (s *Service) Invitation(ctx context.Context, token string) (Invited, error) {
	i, err := s.invited(ctx, token)
	if err != nil {
		return Invited{}, err
	}
	shown := s.whom(i)
	if shown.Status != account.Pending && shown.Status != account.Expired {
		shown.Person = account.Person{ID: shown.Person.ID}
	}
	return shown, nil
}

// whom says whom an invitation invites, whatever has become of it.
func (s *Service) whom(i invited) Invited {
	acc, now := i.account.State, s.now()
	shown := Invited{
		Account:         query.AccountRow{UID: acc.UID, Name: acc.Name, Type: acc.Type, Status: acc.StatusAt(now)},
		Person:          i.person(),
		PasswordMinimum: s.options.minimum(acc.Security),
	}
	if i.toAccount() {
		shown.Administrator, shown.Status, shown.Expires = true, shown.Account.Status, acc.Invitation.Expires
		if acc.Status == account.Activated && !acc.Joined { // by another administrator
			shown.Status = account.Pending
			if !now.Before(acc.Invitation.Expires) {
				shown.Status = account.Expired
			}
		}
		return shown
	}
	u := i.user.State
	shown.Administrator, shown.Expires = u.Administrator, u.Invitation.Expires
	switch u.StatusAt(now) {
	case user.Pending:
		shown.Status = account.Pending
	case user.Expired:
		shown.Status = account.Expired
	default:
		shown.Status = account.Activated
	}
	return shown
}

// invited is what a token stands for: the invitation of an account's first
// administrator, or of a user of the account.
type invited struct {
	account eventlog.Loaded[account.State]
	user    eventlog.Loaded[user.State]
}

func (i invited) toAccount() bool { return i.user.State.Status == "" }

func (i invited) person() account.Person {
	if i.toAccount() {
		return i.account.State.Administrator
	}
	return i.user.State.Person
}

// invited finds what a token invites to, query.ErrNotFound when the token is not
// that of the latest invitation.
func (s *Service) invited(ctx context.Context, token string) (i invited, err error) {
	uid, ok := s.tokens.Named(token)
	if !ok {
		return i, query.ErrNotFound
	}
	if i.account, err = s.account(ctx, uid); err != nil {
		return i, err
	}
	if i.account.State.Exists() {
		if !access.Fits(i.account.State.Invitation.TokenHash, token) {
			return i, query.ErrNotFound
		}
		return i, nil
	}
	if i.user, err = s.user(ctx, uid); err != nil {
		return i, err
	}
	u := i.user.State
	if u.Status == "" || u.Status == user.Revoked || !access.Fits(u.Invitation.TokenHash, token) {
		return i, query.ErrNotFound
	}
	i.account, err = s.account(ctx, u.Account)
	return i, err
}
