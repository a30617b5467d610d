package app

import (
	"context"
	"fmt"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/user"
)

// PasswordResetMails is InvitationMails for who has forgotten a password: it
// follows the log of users. A reset that was replaced or used meanwhile, or that
// has run out, is not mailed any more.
func (a *App) PasswordResetMails(mailer ports.Mailer, publicURL string) func(context.Context, eventlog.Batch) error {
	return func(ctx context.Context, batch eventlog.Batch) error {
		for _, e := range batch.Events {
			if event, ok := e.Event.(user.PasswordResetRequested); ok {
				if err := a.mailReset(ctx, mailer, e, event, publicURL); err != nil {
					return fmt.Errorf("mail password reset %d of %s: %w", event.Reset.Number, e.Stream, err)
				}
			}
		}
		return nil
	}
}

func (a *App) mailReset(ctx context.Context, mailer ports.Mailer, e eventlog.Recorded, event user.PasswordResetRequested, publicURL string) error {
	person, enters, err := a.whoIs(ctx, event.User)
	if err != nil || !enters {
		return err
	}
	r := person.Reset
	if r.Number != event.Reset.Number || len(r.TokenHash) == 0 || !a.clock.Now().Before(r.Expires) {
		return nil
	}
	return mailer.Send(ctx, ports.Mail{
		ID:      e.ID,
		To:      person.Person.Email,
		Subject: "Choose a new password",
		At:      e.Metadata.OccurredAt,
		Body: fmt.Sprintf(`Hello %s,

somebody asked for a new password for you. Choose one until %s:

%s/v1/password-resets/%s

(POST {"password": "..."} sets it and ends all your sessions.)

If it was not you, there is nothing to do: the password stays what it is.
`, person.Person.Name, r.Expires.UTC().Format("2 January 2006 15:04 MST"), publicURL, a.PasswordResetToken(event.User, r.Number)),
	})
}
