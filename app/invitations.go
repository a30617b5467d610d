package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// invitationTime is how long an invitation can be used.
const invitationTime = 7 * 24 * time.Hour

// InvitationToken is the secret that the mail with an account's invitation
// carries. It holds the account and the number of the invitation, and follows
// from them and the secret: whoever sends the mail can make it from the event,
// and nothing secret is in the log.
func (a *App) InvitationToken(uid uuid.UUID, number int) string {
	return a.derivedToken("invitation", uid, number)
}

// UserInvitationToken is InvitationToken for the invitation of a user.
func (a *App) UserInvitationToken(uid uuid.UUID, number int) string {
	return a.derivedToken("user invitation", uid, number)
}

// tokenLength is that of a derived token in bytes: uid, number and code.
const tokenLength = 16 + 4 + sha256.Size

func (a *App) derivedToken(purpose string, uid uuid.UUID, number int) string {
	plain := binary.BigEndian.AppendUint32(uid[:], uint32(number))
	mac := hmac.New(sha256.New, a.secret)
	mac.Write([]byte(purpose))
	mac.Write(plain)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(plain))
}

// invitation makes an account's invitation of a number.
func (a *App) invitation(uid uuid.UUID, number int, now time.Time) account.Invitation {
	return account.Invitation{Number: number, TokenHash: hashToken(a.InvitationToken(uid, number)), Expires: now.Add(invitationTime)}
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// invited is what a token stands for: an account, of which it invites the first
// administrator, or else a user.
type invited struct {
	account loaded[account.State]
	user    loaded[user.State]
}

func (i invited) toAccount() bool { return i.user.state.Status == "" }

// invited finds what a token invites to, ErrNotFound when the token is not that
// of the latest invitation.
func (a *App) invited(ctx context.Context, token string) (i invited, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != tokenLength {
		return i, query.ErrNotFound
	}
	uid := uuid.UUID(raw[:16])
	fits := func(v account.Invitation) bool {
		return len(v.TokenHash) > 0 && subtle.ConstantTimeCompare(v.TokenHash, hashToken(token)) == 1
	}
	if i.account, err = load(ctx, a.log, eventlog.AccountStream(uid), account.State{}, account.Evolve); err != nil {
		return i, err
	}
	if i.account.state.Status != "" {
		if !fits(i.account.state.Invitation) {
			return i, query.ErrNotFound
		}
		return i, nil
	}
	if i.user, err = load(ctx, a.log, eventlog.UserStream(uid), user.State{}, user.Evolve); err != nil {
		return i, err
	}
	if i.user.state.Status == "" || i.user.state.Status == user.Revoked || !fits(i.user.state.Invitation) {
		return i, query.ErrNotFound
	}
	i.account, err = load(ctx, a.log, eventlog.AccountStream(i.user.state.Account), account.State{}, account.Evolve)
	return i, err
}

// Invited is whom a token invites to which account. Status is the account's,
// or for the invitation of a user the user's: active when it was accepted.
type Invited struct {
	Account         query.AccountRow // what it is and how it is called
	Person          account.Person
	Administrator   bool
	Status          account.Status
	Expires         time.Time
	PasswordMinimum int
}

// Invitation shows whom a token invites to what. A token that was used still
// shows it.
func (a *App) Invitation(ctx context.Context, token string) (Invited, error) {
	i, err := a.invited(ctx, token)
	if err != nil {
		return Invited{}, err
	}
	s, now := i.account.state, a.clock.Now()
	shown := Invited{
		Account:         query.AccountRow{UID: s.UID, Name: s.Name, Type: s.Type, Status: s.StatusAt(now)},
		PasswordMinimum: a.people.minimum(s.Security),
	}
	if i.toAccount() {
		shown.Person, shown.Administrator = s.Administrator, true
		shown.Status, shown.Expires = shown.Account.Status, s.Invitation.Expires
		return shown, nil
	}
	u := i.user.state
	shown.Person, shown.Administrator, shown.Expires = u.Person, u.Administrator, u.Invitation.Expires
	switch u.StatusAt(now) {
	case user.Pending:
		shown.Status = account.Pending
	case user.Expired:
		shown.Status = account.Expired
	default:
		shown.Status = account.Activated
	}
	return shown, nil
}

// ResendInvitation makes a new invitation in place of the old one. The operator
// may, and who has customers.create in the reseller account that created the
// account.
func (a *App) ResendInvitation(ctx context.Context, caller access.Caller, uid uuid.UUID, c Command) (Written, error) {
	s, err := a.account(ctx, uid)
	if err != nil || s.Status == "" {
		return Written{}, orNotFound(err)
	}
	if !caller.Operator() {
		x := a.access(caller)
		if err := x.require(ctx, uid, rights.AccountRead); err != nil {
			return Written{}, err
		}
		if s.Reseller == uuid.Nil || s.Reseller != caller.Own() {
			return Written{}, &access.Forbidden{Right: rights.CustomersCreate, Account: uid} // whose customer it is, is not told
		}
		if err := x.write(ctx, s.Reseller, rights.CustomersCreate); err != nil {
			return Written{}, err
		}
	}
	w := a.write(caller, c)
	return a.oneAccount(ctx, w, uid, nil, func(s account.State) ([]domain.Event, []domain.Problem) {
		return account.DecideInvite(s, a.invitation(uid, s.Invitation.Number+1, w.at), w.at)
	})
}
