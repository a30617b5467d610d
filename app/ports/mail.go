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
	// Event is what the mail is about, and Kind its type: the event that gave cause to
	// it or, of notices, their round.
	Event uuid.UUID
	Kind  string
	// LeftOut is why the mail is not sent: only that is kept of it. Empty: it is sent.
	LeftOut string
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

// MailCounts count the mails that callers cause, for all instances together.
type MailCounts interface {
	// CountMail counts a mail under its subjects, once whatever is repeated. Where one of
	// them has as many already nothing is counted, and wait is how long until it has not.
	CountMail(ctx context.Context, m CountedMail) (wait time.Duration, of MailLimit, err error)
}

// CountedMail is a mail to be counted.
type CountedMail struct {
	ID     uuid.UUID
	At     time.Time
	Window time.Duration
	Of     []MailLimit
	Look   bool // only: it is not counted
}

// MailLimit is how many mails a subject may have within a window. The subject is a keyed
// hash.
type MailLimit struct {
	Kind    string
	Subject []byte
	Most    int
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
