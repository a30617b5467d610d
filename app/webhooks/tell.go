package webhooks

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/letters"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
)

// tellSpace makes the ids of mails.
var tellSpace = uuid.MustParse("0c3f7f3a-8f11-5a3a-9f4e-2b6f6a0f7d55")

// tell mails the administrators of an account that a webhook of theirs is disabled. The
// operator has the log and the list.
func (s *Service) tell(ctx context.Context, w ports.Webhook) error {
	if w.Account == uuid.Nil {
		return nil
	}
	own, err := s.access.Request(caller(w)).Account(ctx, w.Account)
	if err != nil || own.Status == account.Closed {
		return err
	}
	for _, to := range own.Administrators {
		if to.IsGone() {
			continue
		}
		mail, err := s.mail(w, to)
		if err == nil {
			err = s.Mailer.Send(ctx, mail)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reasons say why a webhook is disabled.
var reasons = map[string]string{
	EndedByFailures: "For days its address has taken no message.",
	EndedByAnswer:   "Its address answered that there is nobody any more (410 Gone).",
	EndedByPosition: "The service was restored from a backup, and the event that it had been told last is not in the log any more.",
	EndedByAccount:  "The account is not in use any more.",
}

func (s *Service) mail(w ports.Webhook, to account.Person) (ports.Mail, error) {
	next := "Once the address works, enable the webhook again: it goes on with the event that is next, and nothing is left out."
	if w.Ended == EndedByPosition {
		next = "Say from where on it is to go on, by its replays: behind an event that you have, or from the beginning."
	}
	m := ports.Mail{
		ID: uuid.NewSHA1(tellSpace, []byte(w.ID.String()+"\n"+w.EndedAt.String()+"\n"+to.ID.String())),
		To: to.Email, Subject: "The webhook " + w.Label + " is disabled", At: s.now(), Kind: "webhook disabled",
	}
	facts := []letters.Fact{{Label: "Webhook", Value: w.Label}, {Label: "Address", Value: w.Address}, {Label: "Id", Value: w.ID.String()}}
	l := letters.Letter{
		Kicker: "Fleetledger", Title: m.Subject,
		Blocks: []letters.Block{{Text: reasons[w.Ended]}, {Facts: facts}, {Text: next}},
		Button: letters.Link{Label: "How webhooks work", URL: s.PublicURL + "/docs/webhooks"},
		Why:    []string{"You get this because you are an administrator of the account that the webhook belongs to."},
	}
	var err error
	m.Subject, m.Body = letters.Harmless(m.Subject), l.Plain()
	m.HTML, err = l.HTML()
	return m, err
}
