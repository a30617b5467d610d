package people

import (
	"cmp"
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Service has the use cases. It is safe for concurrent use.
type Service struct {
	executor *command.Executor
	access   *access.Control
	reader   query.Reader
	persons  ports.PersonKeys
	tokens   access.Tokens
	options  Options
}

// Options are what signing in needs beside the log: secrets, which are no events,
// and how strict to be.
type Options struct {
	Store     ports.PeopleStore
	Tokens    ports.AccountTokens
	Passwords ports.Passwords
	// SessionLifetime is how long a session lasts, where the account does not say.
	SessionLifetime time.Duration
	// SessionIdle is how long a session lasts without being used, where the account asks
	// for no less; zero: any time.
	SessionIdle time.Duration
	// PasswordMinimum is how many characters a new password needs, where the
	// account asks for no more.
	PasswordMinimum int
	// SignIns limits attempts to sign in.
	SignIns SignInLimits
	// ResetTime is how long a new password can be chosen after the mail.
	ResetTime time.Duration
	// EmailChangeTime is how long another e-mail address can be confirmed.
	EmailChangeTime time.Duration
	Resets          ports.ResetQueue
	// Operators are those with a name of their own; nil: there are none.
	Operators ports.Operators
	// Answers are those kept for repeats; nil: none are.
	Answers ports.KeptAnswers
	// Issuer is where people may sign in, too; nil: nowhere else.
	Issuer ports.Issuer
	// Factors keeps the secrets of second factors, and OneTime knows the codes of apps.
	Factors ports.Factors
	OneTime ports.OneTimeCodes
	// Passkeys are those of the service's name; nil: it has none.
	Passkeys ports.Passkeys
	// Security is told of sign-ins, and of tokens made and ended.
	Security ports.SecurityLog
	// IssuerTime is how long somebody may take there.
	IssuerTime time.Duration
}

// New makes the service. The persons are those that the executor's log seals
// personal data with.
func New(x *command.Executor, a *access.Control, reader query.Reader, persons ports.PersonKeys, tokens access.Tokens, o Options) *Service {
	return &Service{executor: x, access: a, reader: reader, persons: persons, tokens: tokens, options: o}
}

// lifetime is how long the sessions of an account's users last.
func (o Options) lifetime(s account.Security) time.Duration {
	return cmp.Or(time.Duration(s.SessionMinutes)*time.Minute, o.SessionLifetime)
}

// ends is when a session ends by itself, by what the account asks for now: not
// later than it was begun for, nor than it may last or go unused.
func (o Options) ends(session ports.Session, s account.Security) time.Time {
	ends := session.ExpiresAt
	if latest := session.CreatedAt.Add(o.lifetime(s)); latest.Before(ends) {
		ends = latest
	}
	for _, idle := range []time.Duration{time.Duration(s.IdleMinutes) * time.Minute, o.SessionIdle} {
		if latest := session.UsedAt.Add(idle); idle > 0 && latest.Before(ends) {
			ends = latest
		}
	}
	return ends
}

// minimum is how many characters the passwords of an account's users need.
func (o Options) minimum(s account.Security) int { return max(s.PasswordLength, o.PasswordMinimum) }

func (s *Service) now() time.Time { return s.executor.Clock.Now() }

func (s *Service) user(ctx context.Context, uid uuid.UUID) (eventlog.Loaded[user.State], error) {
	return eventlog.Load(ctx, s.executor.Log, user.Aggregate, uid)
}

func (s *Service) account(ctx context.Context, uid uuid.UUID) (eventlog.Loaded[account.State], error) {
	return eventlog.Load(ctx, s.executor.Log, account.Aggregate, uid)
}
