package ports

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Mail is one message to one person. The id follows from what it is about, so
// that a repeat after a crash is the same mail.
type Mail struct {
	ID          uuid.UUID
	To          string
	Subject     string
	Body        string // plain text
	HTML        string // the same words; empty: plain text only
	Attachments []Attachment
	// Unsubscribe is where a POST ends such mails (RFC 8058); empty where one may
	// not do without.
	Unsubscribe string
	At          time.Time
}

// Attachment is a file that comes with a mail.
type Attachment struct {
	Name string
	Type string // such as text/csv; charset=utf-8
	Data []byte
}

// Mailer takes mails for delivery. A mail whose id it has taken already is not
// sent twice.
type Mailer interface {
	Send(context.Context, Mail) error
}

// MailOutcomes tell what became of mails that a Mailer has taken.
type MailOutcomes interface {
	// Outcomes gives those that have gone out or were given up, by id.
	Outcomes(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]MailOutcome, error)
}

// MailOutcome is what became of a mail: sent, or Failed with the last reason.
type MailOutcome struct{ Failed string }

// Outbox has the mails of a service without a mail server.
type Outbox interface {
	// Mails are all that are kept, the youngest first, without their texts and files.
	Mails(context.Context) ([]Mail, error)
	// Mail is one as it would arrive; query.ErrNotFound when it is not there.
	Mail(ctx context.Context, id uuid.UUID) (Mail, error)
}
