package app

import (
	"context"
	"fmt"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/user"
)

// UserInvitationMails is InvitationMails for the users who are invited into an
// account: it follows the log of users. An invitation that was replaced, revoked
// or accepted meanwhile, or that has run out, is not mailed any more.
func (a *App) UserInvitationMails(mailer ports.Mailer, publicURL string) func(context.Context, eventlog.Batch) error {
	return func(ctx context.Context, batch eventlog.Batch) error {
		for _, e := range batch.Events {
			var number int
			switch event := e.Event.(type) {
			case user.UserInvited:
				number = event.Invitation.Number
			case user.UserInvitationSent:
				number = event.Invitation.Number
			default:
				continue
			}
			if err := a.mailUser(ctx, mailer, e, number, publicURL); err != nil {
				return fmt.Errorf("mail invitation %d of %s: %w", number, e.Stream, err)
			}
		}
		return nil
	}
}

func (a *App) mailUser(ctx context.Context, mailer ports.Mailer, e eventlog.Recorded, number int, publicURL string) error {
	l, err := load(ctx, a.log, e.Stream, user.State{}, user.Evolve)
	if err != nil {
		return err
	}
	s := l.state
	if s.StatusAt(a.clock.Now()) != user.Pending || s.Invitation.Number != number || s.Person.Email == "" || s.Person.IsErased() {
		return nil
	}
	acc, err := a.account(ctx, s.Account)
	if err != nil {
		return err
	}
	return mailer.Send(ctx, ports.Mail{
		ID:      e.ID,
		To:      s.Person.Email,
		Subject: "Join the account " + acc.Name,
		At:      e.Metadata.OccurredAt,
		Body: fmt.Sprintf(`Hello %s,

you are invited to join the account of %s.
Accept until %s:

%s/v1/activations/%s

(GET shows the invitation, POST {"name": "YOUR NAME", "password": "..."} accepts it.)
`, s.Person.Name, acc.Name, s.Invitation.Expires.UTC().Format("2 January 2006 15:04 MST"), publicURL, a.UserInvitationToken(s.UID, number)),
	})
}
