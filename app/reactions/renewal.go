package reactions

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/audits"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Renewal does what follows a new secret of tokens, with which all that were made with
// the one before are of no use: what waits for its token is sent again, and what a
// person has to make again has ended and is told by mail and in the log.
//
// It follows the log from the beginning once for each secret, and beside it what is
// new: an instance that has a former secret may still be at work.
type Renewal struct {
	executor *command.Executor
	accounts *accounts.Service
	people   *people.Service
	audits   *audits.Service
	tokens   access.Tokens
	mailer   ports.Mailer

	publicURL string
}

// NewRenewal makes the renewal. publicURL is where clients reach the service, without
// a slash at the end.
func NewRenewal(x *command.Executor, a *accounts.Service, p *people.Service, s *audits.Service, t access.Tokens, mailer ports.Mailer, publicURL string) *Renewal {
	return &Renewal{executor: x, accounts: a, people: p, audits: s, tokens: t, mailer: mailer, publicURL: publicURL}
}

// Name is that of its checkpoint, another one for each secret. It changes with
// Prefixes.
func (r *Renewal) Name() string { return "token_renewal_" + r.tokens.SecretName() }

// Prefixes are those of the streams it follows.
func (*Renewal) Prefixes() []string {
	return []string{account.Aggregate.Prefix(), audit.Aggregate.Prefix(), user.Aggregate.Prefix()}
}

// HandleBatch renews or ends what the events have begun with a former secret.
func (r *Renewal) HandleBatch(ctx context.Context, b eventlog.Batch) error {
	for _, e := range b.Events {
		if err := r.handle(ctx, e); err != nil && len(domain.ProblemsOf(err)) == 0 { // else things have moved on
			return fmt.Errorf("renew what %s of %s has begun: %w", e.Event.EventType(), e.Stream, err)
		}
	}
	return nil
}

// handle is the table: which events carry a token. It looks at the hash first, since
// almost all were made with the secret of now, or are over.
func (r *Renewal) handle(ctx context.Context, e eventlog.Recorded) error {
	env := r.executor.Because("renewal of tokens", e).Step(r.Name())
	former := func(hash []byte, made func(uuid.UUID, int) string, uid uuid.UUID, number int) bool {
		return !access.Fits(hash, made(uid, number))
	}
	invited := func(uid uuid.UUID, i account.Invitation) error {
		if !former(i.TokenHash, r.tokens.Invitation, uid, i.Number) || !env.At.Before(i.Expires) {
			return nil
		}
		return r.accounts.RenewInvitation(ctx, env, uid, i.Number)
	}
	userInvited := func(uid uuid.UUID, i account.Invitation) error {
		if !former(i.TokenHash, r.tokens.UserInvitation, uid, i.Number) || !env.At.Before(i.Expires) {
			return nil
		}
		return r.people.RenewInvitation(ctx, env, uid, i.Number)
	}
	switch event := e.Event.(type) {
	case account.AccountCreated:
		return invited(event.Account, event.Invitation)
	case account.AdministratorEmailCorrected:
		return invited(event.Account, event.Invitation)
	case account.InvitationSent:
		return invited(event.Account, event.Invitation)
	case user.UserInvited:
		return userInvited(event.User, event.Invitation)
	case user.UserInvitationSent:
		return userInvited(event.User, event.Invitation)
	case user.PasswordResetRequested:
		if former(event.Reset.TokenHash, r.tokens.PasswordReset, event.User, event.Reset.Number) && env.At.Before(event.Reset.Expires) {
			return r.people.RenewReset(ctx, env, event.User, event.Reset.Number)
		}
	case user.EmailChangeRequested:
		if former(event.Change.TokenHash, r.tokens.EmailChange, event.User, event.Change.Number) && env.At.Before(event.Change.Expires) {
			return r.people.RenewEmailChange(ctx, env, event.User, event.Change.Number)
		}
	case audit.AuditGranted:
		return r.endGrant(ctx, env, e, event)
	}
	return nil
}

// endGrant tells the auditor, then ends the grant: a repeat is the same mail.
func (r *Renewal) endGrant(ctx context.Context, env command.Env, e eventlog.Recorded, event audit.AuditGranted) error {
	auditor, former, err := r.audits.Former(ctx, event.Grant)
	if err != nil || !former {
		return err
	}
	if auditor.Email != "" && !auditor.IsGone() {
		m, err := formerGrantMail(e, auditor)
		if err == nil {
			err = r.mailer.Send(ctx, m)
		}
		if err != nil {
			return err
		}
	}
	if err := r.audits.EndFormer(ctx, env, event.Grant); err != nil {
		return err
	}
	r.executor.Logger.WarnContext(ctx, "an audit grant has ended: its token was made with a former secret", "grant", event.Grant)
	return nil
}

// EndTokens tells the owners of personal tokens and calendars that were made with a
// former secret, then ends these. A repeat is the same mail.
func (r *Renewal) EndTokens(ctx context.Context) error {
	all, err := r.people.FormerTokens(ctx)
	if err != nil {
		return err
	}
	for _, f := range all {
		if f.Person.Email != "" {
			m, err := formerTokensMail(f, r.executor.Clock.Now(), r.publicURL)
			if err == nil {
				err = r.mailer.Send(ctx, m)
			}
			if err != nil {
				return err
			}
		}
		if err := r.people.EndFormer(ctx, f); err != nil {
			return err
		}
		r.executor.Logger.WarnContext(ctx, "tokens of a user have ended: they were made with a former secret", "user", f.User, "tokens", f.IDs())
	}
	return nil
}

// mailID is that of the mail about tokens: the same ones are told of once.
func mailID(f people.Former) uuid.UUID {
	ids := f.IDs()
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return cmp.Compare(a.String(), b.String()) })
	id := uuid.NewSHA1(f.User, []byte("tokens of a former secret"))
	for _, token := range ids {
		id = uuid.NewSHA1(id, token[:])
	}
	return id
}
