package people

import (
	"context"
	"fmt"
	"time"

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
	Wait time.Duration // until the next one is let through
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

// emailKey is the key of an address that somebody gave. What is no address gets
// a key that nobody has.
func emailKey(email string) string {
	_, key, problems := account.NormaliseEmail(email)
	if len(problems) > 0 {
		return "\x00" + email
	}
	return key
}

// mayTry counts an attempt, *TooManyAttempts when it is one too many.
func (s *Service) mayTry(ctx context.Context, of ...counted) error {
	now := s.now()
	var wait time.Duration
	for _, one := range of {
		n, ends, err := s.options.Store.CountAttempt(ctx, one.subject, now, s.options.SignIns.Window)
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
