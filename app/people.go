package app

import (
	"cmp"
	"time"

	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
)

// People is what signing in needs beside the log: secrets, which are no events,
// and how strict to be.
type People struct {
	Store     ports.PeopleStore
	Passwords ports.Passwords
	// SessionLifetime is how long a session lasts, where the account does not say.
	SessionLifetime time.Duration
	// PasswordMinimum is how many characters a new password needs, where the
	// account asks for no more.
	PasswordMinimum int
	// SignIns limits attempts to sign in.
	SignIns SignInLimits
	// ResetTime is how long a new password can be chosen after the mail.
	ResetTime time.Duration
	Resets    ports.ResetQueue
	// Issuer is where people may sign in, too; nil: nowhere else.
	Issuer ports.Issuer
	// IssuerTime is how long somebody may take there.
	IssuerTime time.Duration
}

// lifetime is how long the sessions of an account's users last.
func (p People) lifetime(s account.Security) time.Duration {
	return cmp.Or(time.Duration(s.SessionMinutes)*time.Minute, p.SessionLifetime)
}

// minimum is how many characters the passwords of an account's users need.
func (p People) minimum(s account.Security) int { return max(s.PasswordLength, p.PasswordMinimum) }

// SignInLimits is how many attempts to sign in are let through in a window of
// time, for one e-mail address and from one network address.
type SignInLimits struct {
	PerEmail, PerAddress int
	Window               time.Duration
}
