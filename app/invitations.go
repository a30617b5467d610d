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

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// invitationTime is how long an invitation can be used.
const invitationTime = 7 * 24 * time.Hour

// InvitationToken is the secret that the mail with an account's invitation
// carries. It holds the account and the number of the invitation, and follows
// from them and the secret: whoever sends the mail can make it from the event,
// and nothing secret is in the log.
func (a *App) InvitationToken(uid uuid.UUID, number int) string {
	plain := binary.BigEndian.AppendUint32(uid[:], uint32(number))
	mac := hmac.New(sha256.New, a.secret)
	mac.Write([]byte("invitation"))
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

// invited finds the account of a token, ErrNotFound when the token is not that
// of the account's latest invitation.
func (a *App) invited(ctx context.Context, token string) (loaded[account.State], error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 16+4+sha256.Size {
		return loaded[account.State]{}, ErrNotFound
	}
	l, err := load(ctx, a.log, AccountStream(uuid.UUID(raw[:16])), account.State{}, account.Evolve)
	if err != nil {
		return l, err
	}
	if l.state.Status == "" || subtle.ConstantTimeCompare(l.state.Invitation.TokenHash, hashToken(token)) == 0 {
		return l, ErrNotFound
	}
	return l, nil
}

// Invitation shows whom a token invites to what. A token that was used still
// shows the account, which is active then.
func (a *App) Invitation(ctx context.Context, token string) (AccountRow, error) {
	l, err := a.invited(ctx, token)
	if err != nil {
		return AccountRow{}, err
	}
	s := l.state
	return AccountRow{
		UID: s.UID, Name: s.Name, Type: s.Type, Status: s.StatusAt(a.clock.Now()), Offers: s.Offers,
		Administrators: []account.Person{s.Administrator}, InvitationExpires: s.Invitation.Expires, Revision: l.revision,
	}, nil
}

// ActivateAccount finishes an account. Name is the administrator's; empty keeps
// the one in the invitation.
type ActivateAccount struct {
	Command
	Name string
}

// ActivateAccount activates the account that the token invites to. The token
// is the right to do so.
func (a *App) ActivateAccount(ctx context.Context, token string, c ActivateAccount) (Written, error) {
	l, err := a.invited(ctx, token)
	if err != nil {
		return Written{}, err
	}
	administrator := l.state.Administrator
	if c.Name != "" {
		name, _, problems := account.NormaliseName(c.Name)
		if len(problems) > 0 {
			return Written{}, domain.Refuse(at("/name", problems)...)
		}
		administrator.Name = name
	}
	uid := l.state.UID
	w := a.write(Caller{Actor: domain.Actor{Kind: domain.ActorToken, ID: "invitation", Account: uid}}, c.Command)
	return a.oneAccount(ctx, w, uid, nil, func(s account.State) ([]domain.Event, []domain.Problem) {
		return account.DecideActivate(s, hashToken(token), administrator, w.at)
	})
}

// ResendInvitation makes a new invitation in place of the old one. The operator
// may, and who has customers.create in the reseller account that created the
// account.
func (a *App) ResendInvitation(ctx context.Context, caller Caller, uid uuid.UUID, c Command) (Written, error) {
	s, err := a.account(ctx, uid)
	if err != nil || s.Status == "" {
		return Written{}, orNotFound(err)
	}
	if !caller.Operator() {
		x := a.access(caller)
		if err := x.require(ctx, uid, rights.AccountRead); err != nil {
			return Written{}, err
		}
		if s.Reseller != caller.Own() {
			return Written{}, &Forbidden{Right: rights.CustomersCreate, Account: uid} // whose customer it is, is not told
		}
		if err := x.write(ctx, s.Reseller, rights.CustomersCreate); err != nil {
			return Written{}, err
		}
	}
	w := a.write(caller, c)
	return a.oneAccount(ctx, w, uid, nil, func(s account.State) ([]domain.Event, []domain.Problem) {
		return account.DecideInvite(s, a.invitation(uid, s.Invitation.Number+1, w.at))
	})
}
