package reactions

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/people"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/order"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Mailings follows the log and hands the mailer what people are to know. The id of
// a mail follows from the event and, where several get it, the person: a repeat is
// the same mail. What no longer holds by the time it is looked at (replaced,
// used, run out, moved) is not mailed any more, and neither is a token of a former
// secret (Renewal).
type Mailings struct {
	executor  *command.Executor
	limits    access.Mails
	people    *people.Service
	tokens    access.Tokens
	mailer    ports.Mailer
	publicURL string
}

// NewMailings makes the mailings. publicURL is where clients reach the service,
// without a slash at the end.
func NewMailings(x *command.Executor, limits access.Mails, p *people.Service, t access.Tokens, mailer ports.Mailer, publicURL string) *Mailings {
	return &Mailings{executor: x, limits: limits, people: p, tokens: t, mailer: mailer, publicURL: publicURL}
}

// Name is that of its checkpoint. It changes with Prefixes.
func (*Mailings) Name() string { return "mailings_3" }

// Prefixes are those of the streams it follows.
func (*Mailings) Prefixes() []string {
	return []string{
		account.Aggregate.Prefix(), order.Aggregate.Prefix(), partnership.Aggregate.Prefix(), release.Aggregate.Prefix(), user.Aggregate.Prefix(),
	}
}

// Replaces names the followers that mailed before there was this one, the last
// before it first. It begins where the slowest of them got to; the mailer has the
// mails of the others.
func (*Mailings) Replaces() [][]string {
	return [][]string{{"mailings_2"}, {"mailings"}, {"invitation_mails", "user_invitation_mails", "partnership_mails", "password_reset_mails"}}
}

// HandleBatch mails what the events give cause to.
func (m *Mailings) HandleBatch(ctx context.Context, b eventlog.Batch) error {
	for _, e := range b.Events {
		mails, err := m.mails(ctx, e)
		if err != nil {
			return fmt.Errorf("mails about %s of %s: %w", e.Event.EventType(), e.Stream, err)
		}
		for _, mail := range mails {
			if mail, err = m.unlessTooMany(ctx, e, mail); err != nil {
				return fmt.Errorf("count mail about %s of %s: %w", e.Event.EventType(), e.Stream, err)
			}
			if err := m.mailer.Send(ctx, mail); err != nil {
				return fmt.Errorf("mail about %s of %s: %w", e.Event.EventType(), e.Stream, err)
			}
		}
	}
	return nil
}

// unlessTooMany leaves out what is more than callers may cause, with a note. Commands
// count invitations and what else has a token themselves, where they refuse it; and news of
// one's own security always come.
func (m *Mailings) unlessTooMany(ctx context.Context, e eventlog.Recorded, mail ports.Mail) (ports.Mail, error) {
	if strings.HasPrefix(e.Stream, user.Aggregate.Prefix()) || strings.HasPrefix(e.Stream, account.Aggregate.Prefix()) {
		return mail, nil
	}
	err := m.limits.Caused(ctx, e, mail)
	many, ok := errors.AsType[*access.TooManyMails](err)
	if !ok {
		return mail, err
	}
	mail.LeftOut = fmt.Sprintf("this address gets no more than %d mails an hour that the account %s causes", m.limits.PerRecipient, e.Metadata.Actor.Account)
	if many.PerAccount {
		mail.LeftOut = fmt.Sprintf("the account %s causes no more than %d mails an hour", e.Metadata.Actor.Account, m.limits.PerAccount)
	}
	m.executor.Logger.WarnContext(ctx, "a mail is left out", "mail", mail.ID, "event", e.Event.EventType(), "account", e.Metadata.Actor.Account)
	return mail, nil
}

// mails is the table: what each event gives cause to mail; nothing for most.
func (m *Mailings) mails(ctx context.Context, e eventlog.Recorded) ([]ports.Mail, error) {
	switch event := e.Event.(type) {
	case account.AccountCreated:
		return m.invitation(e, event.Account, event.Invitation, event.Administrator, event.Name)
	case account.AdministratorEmailCorrected:
		s, err := load(ctx, m, account.Aggregate, event.Account)
		if err != nil {
			return nil, err
		}
		return m.invitation(e, event.Account, event.Invitation, event.Administrator, s.Name)
	case account.InvitationSent:
		s, err := load(ctx, m, account.Aggregate, event.Account)
		if err != nil {
			return nil, err
		}
		return m.invitation(e, event.Account, event.Invitation, s.Administrator, s.Name)
	case user.UserInvited:
		return m.userInvitation(ctx, e, event.User, event.Invitation.Number)
	case user.UserInvitationSent:
		return m.userInvitation(ctx, e, event.User, event.Invitation.Number)
	case partnership.PartnershipEndWarned:
		return m.endWarning(ctx, e, event)
	case partnership.PartnershipRequested:
		return m.partnershipRequested(ctx, e, event)
	case partnership.PartnershipEstablished:
		return m.partnershipAccepted(ctx, e, event)
	case partnership.PartnershipRequestDeclined:
		return m.requestAnswered(ctx, e, asCustomer, "declined", event.Reason)
	case partnership.PartnershipRequestWithdrawn:
		return m.requestAnswered(ctx, e, asReseller, "withdrawn", event.Reason)
	case user.PasswordResetRequested:
		return m.passwordReset(ctx, e, event)
	case user.EmailChangeRequested:
		return m.emailChange(ctx, e, event)
	case user.PasswordChanged:
		return m.factorChanged(ctx, e, event.User)
	case user.PersonalTokenMade:
		return m.factorChanged(ctx, e, event.User)
	case user.SecondFactorAdded:
		return m.factorChanged(ctx, e, event.User)
	case user.SecondFactorRemoved:
		return m.factorChanged(ctx, e, event.User)
	case user.SecondFactorsReset:
		return m.factorChanged(ctx, e, event.User)
	case user.RecoveryCodesReplaced:
		return m.factorChanged(ctx, e, event.User)
	case user.RecoveryCodeUsed:
		return m.factorChanged(ctx, e, event.User)
	case release.ReleaseRequested:
		return m.releaseRequested(ctx, e, event)
	case release.ReleaseRequestGranted:
		return m.releaseAnswered(ctx, e, event.Request)
	case release.ReleaseRequestDenied:
		return m.releaseAnswered(ctx, e, event.Request)
	case order.RenewalOrdered:
		return m.renewalOrdered(ctx, e, event)
	case order.RenewalOrderApplied:
		return m.renewalAnswered(ctx, e, event.Order, "applied", renewedDevices(event), "")
	case order.RenewalOrderDeclined:
		return m.renewalAnswered(ctx, e, event.Order, "declined", event.Devices, event.Reason)
	case order.RenewalOrderWithdrawn:
		return m.renewalWithdrawn(ctx, e, event)
	}
	return nil, nil
}

func load[S any](ctx context.Context, m *Mailings, a aggregate.Aggregate[S], uid uuid.UUID) (S, error) {
	l, err := eventlog.Load(ctx, m.executor.Log, a, uid)
	return l.State, err
}

// invitation mails the invitation to activate an account.
func (m *Mailings) invitation(e eventlog.Recorded, uid uuid.UUID, i account.Invitation, to account.Person, name string) ([]ports.Mail, error) {
	if to.Email == "" || to.IsGone() || !m.executor.Clock.Now().Before(i.Expires) {
		return nil, nil
	}
	token := m.tokens.Invitation(uid, i.Number)
	if !access.Fits(i.TokenHash, token) {
		return nil, nil
	}
	return one(invitationMail(e, to, name, i.Expires, m.link("activate", token)))
}

// userInvitation mails the invitation of a user into an account.
func (m *Mailings) userInvitation(ctx context.Context, e eventlog.Recorded, uid uuid.UUID, number int) ([]ports.Mail, error) {
	s, err := load(ctx, m, user.Aggregate, uid)
	token := m.tokens.UserInvitation(uid, number)
	if err != nil || s.StatusAt(m.executor.Clock.Now()) != user.Pending || s.Invitation.Number != number ||
		s.Person.Email == "" || s.Person.IsGone() || !access.Fits(s.Invitation.TokenHash, token) {
		return nil, err
	}
	acc, err := load(ctx, m, account.Aggregate, s.Account)
	if err != nil {
		return nil, err
	}
	return one(userInvitationMail(e, s.Person, acc.Name, s.Invitation.Expires, m.link("activate", token)))
}

// passwordReset mails how to choose a new password.
func (m *Mailings) passwordReset(ctx context.Context, e eventlog.Recorded, event user.PasswordResetRequested) ([]ports.Mail, error) {
	person, enters, err := m.people.WhoIs(ctx, event.User)
	if err != nil || !enters {
		return nil, err
	}
	r := person.Reset
	token := m.tokens.PasswordReset(event.User, r.Number)
	if r.Number != event.Reset.Number || !access.Fits(r.TokenHash, token) || !m.executor.Clock.Now().Before(r.Expires) {
		return nil, nil
	}
	return one(passwordResetMail(e, person.Person, r.Expires, m.link("reset-password", token)))
}

// emailChange mails to the address that a user wants how to confirm it, as long as
// that can be done, and to the one that the user has that this was asked for.
func (m *Mailings) emailChange(ctx context.Context, e eventlog.Recorded, asked user.EmailChangeRequested) ([]ports.Mail, error) {
	u, enters, err := m.people.WhoIs(ctx, asked.User)
	if err != nil || u.Erased || u.Person.IsGone() || asked.Person.IsGone() {
		return nil, err
	}
	before, err := m.userBefore(ctx, e)
	if err != nil {
		return nil, err
	}
	told, err := emailNoticeMail(e, before.Person, asked.Person.Email, m.publicURL)
	if err != nil {
		return nil, err
	}
	mails := []ports.Mail{told}
	token := m.tokens.EmailChange(asked.User, u.Change.Number)
	if enters && u.Change.Number == asked.Change.Number && access.Fits(u.Change.TokenHash, token) && m.executor.Clock.Now().Before(u.Change.Expires) {
		confirm, err := emailConfirmationMail(e, asked.Person, u.Change.Expires, m.link("confirm-email", token))
		if err != nil {
			return nil, err
		}
		mails = append(mails, confirm)
	}
	return mails, nil
}

// userBefore is a user as before an event.
func (m *Mailings) userBefore(ctx context.Context, e eventlog.Recorded) (s user.State, err error) {
	for r, err := range m.executor.Log.ReadStream(ctx, e.Stream, 0) {
		if err != nil || r.Revision >= e.Revision {
			return s, err
		}
		s = user.Evolve(s, r.Event)
	}
	return s, nil
}

// endWarning warns the administrators of both accounts that their partnership is
// going to end.
func (m *Mailings) endWarning(ctx context.Context, e eventlog.Recorded, warned partnership.PartnershipEndWarned) ([]ports.Mail, error) {
	p, holds, err := m.warnedOf(ctx, e)
	if err != nil || !holds {
		return nil, err
	}
	reseller, err := load(ctx, m, account.Aggregate, p.Reseller)
	if err != nil {
		return nil, err
	}
	customer, err := load(ctx, m, account.Aggregate, p.Customer)
	if err != nil {
		return nil, err
	}
	var mails []ports.Mail
	for _, side := range []account.State{reseller, customer} {
		if side.Status == account.Closed {
			continue
		}
		for _, to := range side.Administrators {
			if to.IsGone() {
				continue
			}
			mail, err := endWarningMail(e, warned.Until.UTC(), reseller, customer, to, m.publicURL)
			if err != nil {
				return nil, err
			}
			mails = append(mails, mail)
		}
	}
	return mails, nil
}

// warnedOf is the partnership as it was warned of, and whether its end still
// holds. An end that has come by itself since is still worth a mail.
func (m *Mailings) warnedOf(ctx context.Context, e eventlog.Recorded) (s partnership.State, holds bool, err error) {
	for r, err := range m.executor.Log.ReadStream(ctx, e.Stream, 0) {
		if err != nil {
			return s, false, err
		}
		if r.Revision <= e.Revision {
			s = partnership.Evolve(s, r.Event)
			continue
		}
		switch event := r.Event.(type) {
		case partnership.PartnershipEndSet, partnership.PartnershipEndRemoved:
			return s, false, nil
		case partnership.PartnershipEnded:
			return s, event.Automatic, nil
		}
	}
	return s, true, nil
}

func one(m ports.Mail, err error) ([]ports.Mail, error) {
	if err != nil {
		return nil, err
	}
	return []ports.Mail{m}, nil
}

// link is the address of a page that a token opens.
func (m *Mailings) link(page, token string) string {
	return m.publicURL + "/" + page + "/" + token
}

// instant is how mails write a time.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
