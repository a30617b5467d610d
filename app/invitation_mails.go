package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
)

// InvitationMails is the process that mails invitations: it follows the log of
// accounts and hands the mailer one mail per invitation, its id that of the
// event, so that a repeat is the same mail. publicURL is where clients reach
// the service. What has run out by now is not mailed any more.
func (a *App) InvitationMails(mailer ports.Mailer, publicURL string) func(context.Context, eventlog.Batch) error {
	return func(ctx context.Context, batch eventlog.Batch) error {
		for _, e := range batch.Events {
			invitation, to, name, err := a.invites(ctx, e)
			if err != nil {
				return err
			}
			if to.Email == "" || to.IsErased() || !a.clock.Now().Before(invitation.Expires) {
				continue
			}
			mail := a.invitationMail(e, invitation, to, name, publicURL)
			if err := mailer.Send(ctx, mail); err != nil {
				return fmt.Errorf("mail invitation %d of %s: %w", invitation.Number, e.Stream, err)
			}
		}
		return nil
	}
}

// invites tells who is invited by an event, and to which account; nobody by
// most events.
func (a *App) invites(ctx context.Context, e eventlog.Recorded) (account.Invitation, account.Person, string, error) {
	switch event := e.Event.(type) {
	case account.AccountCreated:
		return event.Invitation, event.Administrator, event.Name, nil
	case account.InvitationSent:
		l, err := load(ctx, a.log, e.Stream, account.State{}, account.Evolve)
		return event.Invitation, l.state.Administrator, l.state.Name, err
	}
	return account.Invitation{}, account.Person{}, "", nil
}

func (a *App) invitationMail(e eventlog.Recorded, i account.Invitation, to account.Person, name, publicURL string) ports.Mail {
	token := a.InvitationToken(accountOf(e), i.Number)
	return ports.Mail{
		ID:      e.ID,
		To:      to.Email,
		Subject: "Activate the account " + name,
		At:      e.Metadata.OccurredAt,
		Body: fmt.Sprintf(`Hello %s,

an account was opened for %s, and you are its administrator.
Activate it until %s:

%s/v1/activations/%s

(GET shows the invitation, POST {"name": "YOUR NAME", "password": "..."} accepts it.)
`, to.Name, name, i.Expires.UTC().Format("2 January 2006 15:04 MST"), publicURL, token),
	}
}

func accountOf(e eventlog.Recorded) uuid.UUID {
	switch event := e.Event.(type) {
	case account.AccountCreated:
		return event.Account
	case account.InvitationSent:
		return event.Account
	}
	return uuid.Nil
}
