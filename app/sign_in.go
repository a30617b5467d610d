package app

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// CodeSignInFailed says that e-mail and password do not fit, whichever it is.
const CodeSignInFailed = "sign_in_failed"

// SessionPrefix begins the tokens of sessions.
const SessionPrefix = "fles_"

// TooManyAttempts refuses an attempt to sign in, whoever it is for.
type TooManyAttempts struct {
	Wait time.Duration // until the next one is let through
}

// Error says how long to wait.
func (e *TooManyAttempts) Error() string {
	return fmt.Sprintf("too many attempts to sign in; the next one in %s", e.Wait.Round(time.Second))
}

// SignIn is an attempt to sign in. Address is the network address it comes from.
type SignIn struct {
	Email, Password, Address string
}

// SignedIn is a new session with its token, which is shown only here.
type SignedIn struct {
	Session
	Token string
}

// SignIn begins a session. Attempts are counted before they are looked at, so
// that many at once do not get past the limits. Whoever does not exist, may not
// sign in or has another password gets the same answer after the same work.
func (a *App) SignIn(ctx context.Context, c SignIn) (SignedIn, error) {
	_, key, problems := account.NormaliseEmail(c.Email)
	if len(problems) > 0 {
		key = "\x00" + c.Email // nobody's
	}
	email, address := a.subject("email", key), a.subject("address", c.Address)
	if err := a.mayTry(ctx, email, address); err != nil {
		return SignedIn{}, err
	}
	person, enters, err := a.whoHas(ctx, key)
	if err != nil {
		return SignedIn{}, err
	}
	hash, err := a.people.Store.Credential(ctx, person.Credential)
	if err != nil {
		return SignedIn{}, err
	}
	fits, err := a.people.Passwords.Matches(ctx, user.NormalisePassword(c.Password), hash)
	if err != nil {
		return SignedIn{}, err
	}
	if !fits || !enters {
		return SignedIn{}, domain.Refuse(domain.Problem{Code: CodeSignInFailed, Detail: "E-mail address and password do not fit."})
	}
	return a.begin(ctx, person, email, address)
}

// subject names what attempts are counted of, without saying it.
func (a *App) subject(kind, value string) []byte {
	mac := hmac.New(sha256.New, a.secret)
	mac.Write([]byte("sign in by " + kind + "\x00" + value))
	return mac.Sum(nil)
}

func (a *App) mayTry(ctx context.Context, email, address []byte) error {
	limits, now := a.people.SignIns, a.clock.Now()
	var wait time.Duration
	for _, counted := range []struct {
		subject []byte
		limit   int
	}{{address, limits.PerAddress}, {email, limits.PerEmail}} {
		n, ends, err := a.people.Store.CountAttempt(ctx, counted.subject, now, limits.Window)
		if err != nil {
			return err
		}
		if n > counted.limit {
			wait = max(wait, ends.Sub(now), time.Second)
		}
	}
	if wait > 0 {
		return &TooManyAttempts{Wait: wait}
	}
	return nil
}

// whoHas finds the user with an e-mail address by the reservation of it, and
// whether the user may enter. It reads the same for nobody as for somebody.
func (a *App) whoHas(ctx context.Context, email string) (person user.State, enters bool, err error) {
	var subject string
	var holder uuid.UUID
	stream := reservation.Unique(reservation.Email, email).Stream
	for e, err := range a.log.ReadStream(ctx, stream, 0) {
		if err != nil {
			return person, false, fmt.Errorf("load %s: %w", stream, err)
		}
		switch event := e.Event.(type) {
		case reservation.Reserved:
			subject, holder = event.Subject, event.Holder
		case reservation.Released:
			subject, holder = "", uuid.Nil
		}
	}
	uid := holder
	held, err := a.account(ctx, holder)
	if err != nil {
		return person, false, err
	}
	if strings.HasPrefix(subject, "account-") {
		uid = held.Administrator.ID
	}
	if person, err = a.user(ctx, uid); err != nil {
		return person, false, err
	}
	acc, err := a.account(ctx, person.Account)
	return person, err == nil && mayEnter(person, acc), err
}

// mayEnter decides by the account: the user's own stream follows it.
func mayEnter(s user.State, acc account.State) bool {
	joined := s.Status == user.Active || s.Status == user.Deactivated
	return joined && acc.Status == account.Activated && !acc.KeepsOut(s.UID)
}

func (a *App) begin(ctx context.Context, person user.State, email, address []byte) (SignedIn, error) {
	acc, err := a.account(ctx, person.Account)
	if err != nil {
		return SignedIn{}, err
	}
	now := a.clock.Now().UTC().Truncate(time.Microsecond)
	s := SignedIn{Token: SessionPrefix + randomText(), Session: Session{
		ID: uuid.New(), User: person.UID, Account: person.Account, CreatedAt: now, ExpiresAt: now.Add(a.people.lifetime(acc.Security)),
	}}
	if err := a.people.Store.CreateSession(ctx, s.Session, hashToken(s.Token)); err != nil {
		return SignedIn{}, err
	}
	err = a.people.Store.ForgetAttempts(ctx, email)
	if err == nil {
		err = a.people.Store.ForgiveAttempt(ctx, address)
	}
	if err != nil {
		a.logger.WarnContext(ctx, "attempts to sign in stay counted", "error", err)
	}
	return s, nil
}

// randomText is 32 random bytes in URL-safe base64.
func randomText() string {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails, by its documentation
	return base64.RawURLEncoding.EncodeToString(secret)
}

// SessionCaller is who has signed in with a session's token, with the rights of
// this moment; ErrNotFound for a session that has ended, or whose user may not
// enter any more.
func (a *App) SessionCaller(ctx context.Context, token string) (Caller, error) {
	s, err := a.people.Store.SessionByHash(ctx, hashToken(token))
	if err != nil {
		return Caller{}, err
	}
	if !a.clock.Now().Before(s.ExpiresAt) {
		return Caller{}, ErrNotFound
	}
	c, err := a.userCaller(ctx, s.User)
	c.Session = s.ID
	return c, err
}

func (a *App) userCaller(ctx context.Context, uid uuid.UUID) (Caller, error) {
	person, err := a.user(ctx, uid)
	if err != nil {
		return Caller{}, err
	}
	acc, err := a.account(ctx, person.Account)
	if err != nil {
		return Caller{}, err
	}
	if !mayEnter(person, acc) {
		return Caller{}, ErrNotFound
	}
	c := Caller{
		Actor:         domain.Actor{Kind: domain.ActorUser, ID: uid.String(), Account: person.Account},
		Administrator: acc.Administers(uid),
	}
	for _, id := range person.Profiles {
		for _, right := range acc.Profile(id).Rights {
			if !c.Rights.Has(right) {
				c.Rights = append(c.Rights, right)
			}
		}
	}
	if c.Administrator {
		c.Rights = rights.Administrator()
	}
	return c, nil
}
