package people

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/account"
)

// SignInLimits is how many attempts to sign in are let through in a window of
// time, for one e-mail address and from one network address.
type SignInLimits struct {
	PerEmail, PerAddress int
	Window               time.Duration
}

// TooManyAttempts refuses an attempt to sign in, whoever it is for.
type TooManyAttempts struct {
	Wait  time.Duration // until the next one is let through
	First bool          // the first one too many
}

// Error says how long to wait.
func (e *TooManyAttempts) Error() string {
	return fmt.Sprintf("too many attempts to sign in; the next one in %s", e.Wait.Round(time.Second))
}

// counted is what attempts are counted of, and how many are let through.
type counted struct {
	subject []byte
	limit   int
}

// withEmail counts the attempts to sign in with an e-mail address.
func (s *Service) withEmail(key string) counted {
	return counted{s.tokens.Pseudonym("sign in by email", key), s.options.SignIns.PerEmail}
}

// fromAddress counts the attempts from a network address, of whichever kind.
func (s *Service) fromAddress(address string) counted {
	return counted{s.tokens.Pseudonym("sign in by address", address), s.options.SignIns.PerAddress}
}

// usualDays is how long an address is remembered from which nobody signs in any more.
const usualDays = 90

// usual is whether somebody has signed in from an address with an e-mail address,
// and what says so.
type usual struct {
	subject []byte
	is      bool
}

// usualFor finds out about an e-mail address and a network address. Of e-mail
// addresses that nobody has it takes as long.
func (s *Service) usualFor(ctx context.Context, key, address string) (usual, error) {
	u := usual{subject: s.tokens.Pseudonym("signed in with email from address", key+"\x00"+address)}
	var err error
	u.is, err = s.options.Store.HasSignedIn(ctx, u.subject, s.now().AddDate(0, 0, -usualDays))
	return u, err
}

// apart counts the attempts from where somebody has signed in apart from those of
// strangers, who would lock that somebody out otherwise. To guess from there is no
// easier.
func (s *Service) apart(kind string, u usual, strangers counted) counted {
	if !u.is {
		return strangers
	}
	return counted{s.tokens.Pseudonym(kind+" from where it has signed in", string(u.subject)), strangers.limit}
}

// forgetSignIns begins all counts of attempts to sign in as a user anew.
func (s *Service) forgetSignIns(ctx context.Context, uid uuid.UUID, email string) {
	strangers := s.withEmail(emailKey(email))
	s.forgetAttempts(ctx, strangers)
	all, err := s.options.Store.SignIns(ctx, uid)
	if err != nil {
		s.executor.Logger.WarnContext(ctx, "attempts to sign in stay counted", "error", err)
	}
	for _, subject := range all {
		s.forgetAttempts(ctx, s.apart("sign in", usual{subject, true}, strangers))
	}
}

// remember notes where somebody has signed in.
func (s *Service) remember(ctx context.Context, u usual, uid uuid.UUID) {
	if err := s.options.Store.RememberSignIn(ctx, u.subject, uid, s.now()); err != nil {
		s.executor.Logger.WarnContext(ctx, "where somebody has signed in is not remembered", "error", err)
	}
}

// emailKey is the key of an address that somebody gave. What is no address gets
// a key that nobody has.
func emailKey(email string) string {
	_, key, problems := account.NormaliseEmail(email)
	if len(problems) > 0 {
		return "\x00" + email
	}
	return key
}

// mayTry counts an attempt, *TooManyAttempts when it is one too many. What is refused
// for the first of several is not counted of the others: a blocked address is not to
// block e-mail addresses.
func (s *Service) mayTry(ctx context.Context, of ...counted) error {
	now := s.now()
	for _, one := range of {
		n, ends, err := s.options.Store.CountAttempt(ctx, one.subject, now, s.options.SignIns.Window)
		if err != nil {
			return err
		}
		if n > one.limit {
			return &TooManyAttempts{Wait: max(ends.Sub(now), time.Second), First: n == one.limit+1}
		}
	}
	return nil
}

// forgetAttempts begins a count anew.
func (s *Service) forgetAttempts(ctx context.Context, of counted) {
	if err := s.options.Store.ForgetAttempts(ctx, of.subject); err != nil {
		s.executor.Logger.WarnContext(ctx, "attempts to sign in stay counted", "error", err)
	}
}

// forgiveAttempt takes one attempt back.
func (s *Service) forgiveAttempt(ctx context.Context, of counted) {
	if err := s.options.Store.ForgiveAttempt(ctx, of.subject); err != nil {
		s.executor.Logger.WarnContext(ctx, "an attempt to sign in stays counted", "error", err)
	}
}
