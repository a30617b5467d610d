package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// RequestReset asks for a mail to choose a new password with. Address is as in
// SignIn.
type RequestReset struct {
	Command
	Email, Address string
}

// RequestPasswordReset begins the reset of a forgotten password. Whether there is
// somebody with the address shows neither in the answer nor in how long it takes:
// either way one job is queued, and only the job does more for somebody.
func (a *App) RequestPasswordReset(ctx context.Context, c RequestReset) error {
	_, key, problems := account.NormaliseEmail(c.Email)
	if len(problems) > 0 {
		key = "\x00" + c.Email // nobody's
	}
	limits := a.people.SignIns
	err := a.mayTry(ctx, counted{a.subject("reset by address", c.Address), limits.PerAddress},
		counted{a.subject("reset by email", key), limits.PerEmail})
	if err != nil {
		return err
	}
	person, enters, err := a.whoHas(ctx, key)
	if err != nil {
		return err
	}
	uid := uuid.Nil
	if enters {
		uid = person.UID
	}
	return a.people.Resets.QueuePasswordReset(ctx, uid, c.ID, c.Traceparent)
}

// SendPasswordReset is the job of a request: it records the reset, which
// PasswordResetMails mails. Repeated with the same command it is the same reset.
func (a *App) SendPasswordReset(ctx context.Context, uid, command uuid.UUID, traceparent string) error {
	if uid == uuid.Nil {
		return nil
	}
	_, enters, err := a.whoIs(ctx, uid)
	if err != nil || !enters {
		return err
	}
	w := a.write(access.Caller{Actor: domain.Actor{Kind: domain.ActorSystem, ID: "password resets"}}, Command{ID: command, Traceparent: traceparent})
	_, err = carryOut(ctx, a, w, userChange(uid, func(s user.State) ([]domain.Event, []domain.Problem) {
		n := s.Reset.Number + 1
		return user.DecideRequestReset(s, user.Reset{
			Number: n, TokenHash: hashToken(a.PasswordResetToken(uid, n)), Expires: w.at.Add(a.people.ResetTime),
		}), nil
	}))
	return err
}

// PasswordResetToken is InvitationToken for the reset of a password.
func (a *App) PasswordResetToken(uid uuid.UUID, number int) string {
	return a.derivedToken("password reset", uid, number)
}

// PasswordReset is what the holder of a token needs to know.
type PasswordReset struct {
	Expires         time.Time
	PasswordMinimum int
}

// PasswordReset shows what a token is good for, ErrNotFound when for nothing. One
// that has run out still shows it.
func (a *App) PasswordReset(ctx context.Context, token string) (PasswordReset, error) {
	person, acc, err := a.resets(ctx, token)
	if err != nil {
		return PasswordReset{}, err
	}
	return PasswordReset{Expires: person.Reset.Expires, PasswordMinimum: a.people.minimum(acc.Security)}, nil
}

// resets finds whose password a token resets, ErrNotFound when it is not that of
// the latest reset, was used, or the user may not enter.
func (a *App) resets(ctx context.Context, token string) (person user.State, acc account.State, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 16+4+sha256.Size {
		return person, acc, query.ErrNotFound
	}
	if person, err = a.user(ctx, uuid.UUID(raw[:16])); err != nil {
		return person, acc, err
	}
	if acc, err = a.account(ctx, person.Account); err != nil {
		return person, acc, err
	}
	known := person.Reset.TokenHash
	if len(known) == 0 || subtle.ConstantTimeCompare(known, hashToken(token)) != 1 || !mayEnter(person, acc) {
		return person, acc, query.ErrNotFound
	}
	return person, acc, nil
}

// ResetPassword is the password that the holder of a token chooses.
type ResetPassword struct {
	Command
	Password string
}

// ResetPassword puts a new password in place of a forgotten one. The token is the
// right to do so, once. All sessions end; personal tokens go on.
func (a *App) ResetPassword(ctx context.Context, token string, c ResetPassword) (Written, error) {
	person, acc, err := a.resets(ctx, token)
	if err != nil {
		return Written{}, err
	}
	if p := user.CheckPassword(c.Password, a.people.minimum(acc.Security), person.Person, acc.Name); len(p) > 0 {
		return Written{}, domain.Refuse(at("/password", p)...)
	}
	w := a.write(access.Caller{Actor: domain.Actor{Kind: domain.ActorUser, ID: person.UID.String(), Account: person.Account}}, c.Command)
	credential := w.derive("credential of " + person.UID.String())
	decide := func(s user.State) ([]domain.Event, []domain.Problem) {
		return user.DecideResetPassword(s, hashToken(token), credential, w.at)
	}
	if _, problems := decide(person); len(problems) > 0 {
		return Written{}, domain.Refuse(problems...) // before the hard work
	}
	written, err := a.putPassword(ctx, w, person, credential, c.Password, decide)
	if err == nil {
		_, key, _ := account.NormaliseEmail(person.Person.Email) // was valid when it was given
		a.forget(ctx, a.asEmail(key))
	}
	a.settlePassword(ctx, person.Credential, credential, err)
	return written, err
}
