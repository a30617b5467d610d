package ports

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Mail is one message to one person. The id follows from what it is about, so
// that a repeat after a crash is the same mail.
type Mail struct {
	ID      uuid.UUID
	To      string
	Subject string
	Body    string // plain text
	At      time.Time
}

// Mailer takes mails for delivery. A mail whose id it has taken already is not
// sent twice.
type Mailer interface {
	Send(context.Context, Mail) error
}
