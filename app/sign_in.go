package app

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// CodeSignInFailed says that e-mail and password do not fit, whichever it is.
const CodeSignInFailed = "sign_in_failed"

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
	ports.Session
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
	email, address := a.asEmail(key), a.fromAddress(c.Address)
	if err := a.mayTry(ctx, address, email); err != nil {
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
	in, err := a.begin(ctx, person)
	if err != nil {
		return SignedIn{}, err
	}
	a.forget(ctx, email)
	a.forgive(ctx, address)
	return in, nil
}

// subject names somebody or something for good, without saying it.
func (a *App) subject(kind, value string) []byte {
	mac := hmac.New(sha256.New, a.secret)
	mac.Write([]byte(kind + "\x00" + value))
	return mac.Sum(nil)
}

// counted is what attempts are counted of, and how many are let through.
type counted struct {
	subject []byte
	limit   int
}

// asEmail counts the attempts to sign in with an e-mail address.
func (a *App) asEmail(key string) counted {
	return counted{a.subject("sign in by email", key), a.people.SignIns.PerEmail}
}

// fromAddress counts the attempts from a network address, of whichever kind.
func (a *App) fromAddress(address string) counted {
	return counted{a.subject("sign in by address", address), a.people.SignIns.PerAddress}
}

// forget begins a count anew.
func (a *App) forget(ctx context.Context, of counted) {
	if err := a.people.Store.ForgetAttempts(ctx, of.subject); err != nil {
		a.logger.WarnContext(ctx, "attempts to sign in stay counted", "error", err)
	}
}

// forgive takes an attempt from a network address back.
func (a *App) forgive(ctx context.Context, address counted) {
	if err := a.people.Store.ForgiveAttempt(ctx, address.subject); err != nil {
		a.logger.WarnContext(ctx, "an attempt to sign in stays counted", "error", err)
	}
}

func (a *App) mayTry(ctx context.Context, of ...counted) error {
	now := a.clock.Now()
	var wait time.Duration
	for _, one := range of {
		n, ends, err := a.people.Store.CountAttempt(ctx, one.subject, now, a.people.SignIns.Window)
		if err != nil {
			return err
		}
		if n > one.limit {
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
	return a.whoIs(ctx, uid)
}

// whoIs is a user, and whether the user may enter.
func (a *App) whoIs(ctx context.Context, uid uuid.UUID) (person user.State, enters bool, err error) {
	if person, err = a.user(ctx, uid); err != nil {
		return person, false, err
	}
	acc, err := a.account(ctx, person.Account)
	return person, err == nil && mayEnter(person, acc), err
}

// mayEnter decides by the account: the user's own stream follows it. Who was
// erased in either of them never enters again.
func mayEnter(s user.State, acc account.State) bool {
	joined := s.Status == user.Active || s.Status == user.Deactivated
	erased := s.Erased || s.Person.IsErased() || slices.Contains(acc.Erased, s.UID)
	return joined && !erased && acc.Status == account.Activated && !acc.KeepsOut(s.UID)
}

// begin begins a session of a user who may enter.
func (a *App) begin(ctx context.Context, person user.State) (SignedIn, error) {
	acc, err := a.account(ctx, person.Account)
	if err != nil {
		return SignedIn{}, err
	}
	now := a.clock.Now().UTC().Truncate(time.Microsecond)
	s := SignedIn{Token: access.SessionPrefix + randomText(), Session: ports.Session{
		ID: uuid.New(), User: person.UID, Account: person.Account, Credential: person.Credential,
		CreatedAt: now, ExpiresAt: now.Add(a.people.lifetime(acc.Security)),
	}}
	return s, a.people.Store.CreateSession(ctx, s.Session, hashToken(s.Token))
}

// randomText is 32 random bytes in URL-safe base64.
func randomText() string {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails, by its documentation
	return base64.RawURLEncoding.EncodeToString(secret)
}

// SessionCaller is who has signed in with a session's token, with the rights of
// this moment; ErrNotFound for a session that has ended, or whose user may not
// enter any more or has another password since.
func (a *App) SessionCaller(ctx context.Context, token string) (access.Caller, error) {
	s, err := a.people.Store.SessionByHash(ctx, hashToken(token))
	if err != nil {
		return access.Caller{}, err
	}
	if !a.clock.Now().Before(s.ExpiresAt) {
		return access.Caller{}, query.ErrNotFound
	}
	person, err := a.user(ctx, s.User)
	if err == nil && person.Credential != s.Credential {
		err = query.ErrNotFound
	}
	if err != nil {
		return access.Caller{}, err
	}
	c, err := a.userCaller(ctx, person)
	c.Session = s.ID
	return c, err
}

// userCaller is a user as a caller, ErrNotFound for one who may not enter.
func (a *App) userCaller(ctx context.Context, person user.State) (access.Caller, error) {
	acc, err := a.account(ctx, person.Account)
	if err != nil {
		return access.Caller{}, err
	}
	if !mayEnter(person, acc) {
		return access.Caller{}, query.ErrNotFound
	}
	c := access.Caller{
		Actor:         domain.Actor{Kind: domain.ActorUser, ID: person.UID.String(), Account: person.Account},
		Administrator: acc.Administers(person.UID),
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
