// Package mail delivers the service's mails. With a mail server (Server, over
// SMTP), each mail that package mails keeps is tried until it is sent or given up
// (Delivery). Without one, mails are files in a folder (Outbox), each a complete
// message that mail programs open.
package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/uuid"
	gomail "github.com/wneessen/go-mail"

	"github.com/fleetledger/fleetledger/app/ports"
)

// Outbox keeps mails as files named <id>.eml in a folder that only its owner
// may read: they hold invitation links.
type Outbox struct {
	dir  string
	from string

	mu    sync.Mutex
	known map[uuid.UUID]ports.Mail // heads of mails that were read
}

var (
	_ ports.Mailer       = (*Outbox)(nil)
	_ ports.Outbox       = (*Outbox)(nil)
	_ ports.MailOutcomes = (*Outbox)(nil)
)

// NewOutbox makes the folder when it is missing. from is the sender's address.
func NewOutbox(dir, from string) (*Outbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the outbox: %w", err)
	}
	return &Outbox{dir: dir, from: from, known: map[uuid.UUID]ports.Mail{}}, nil
}

// Send keeps the mail. A mail of the same id is there at most once, so sending
// again after a crash is safe.
func (o *Outbox) Send(_ context.Context, m ports.Mail) error {
	path := o.path(m.ID)
	if _, err := os.Stat(path); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look into the outbox: %w", err)
	}
	message, err := compose(o.from, m)
	if err != nil {
		return err
	}
	return write(path, message)
}

func (o *Outbox) path(id uuid.UUID) string { return filepath.Join(o.dir, id.String()+".eml") }

// leftOut is the header of a note that a mail was not sent: why.
const leftOut = "X-Left-Out"

func compose(from string, m ports.Mail) (*gomail.Msg, error) {
	message := gomail.NewMsg()
	if err := message.From(from); err != nil {
		return nil, fmt.Errorf("sender of mail %s: %w", m.ID, err)
	}
	if err := message.To(m.To); err != nil {
		return nil, fmt.Errorf("recipient of mail %s: %w", m.ID, err)
	}
	message.SetMessageIDWithValue(m.ID.String() + "@fleetledger")
	message.SetDateWithValue(m.At)
	message.Subject(subject(m.Subject))
	message.SetGenHeader("Auto-Submitted", "auto-generated") // no out-of-office answers, please
	if m.LeftOut != "" {                                     // a note for whoever looks, without the text
		message.SetGenHeader(leftOut, m.LeftOut)
		message.SetBodyString(gomail.TypeTextPlain, "")
		return message, nil
	}
	if m.Unsubscribe != "" {
		message.SetListUnsubscribe(m.Unsubscribe)
		message.SetListUnsubscribePost()
	}
	message.SetBodyString(gomail.TypeTextPlain, m.Body)
	if m.HTML != "" {
		message.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	for _, a := range m.Attachments {
		if err := message.AttachReader(a.Name, bytes.NewReader(a.Data), gomail.WithFileContentType(gomail.ContentType(a.Type))); err != nil {
			return nil, fmt.Errorf("attach %s to mail %s: %w", a.Name, m.ID, err)
		}
	}
	return message, nil
}

// write makes the file appear whole or not at all.
func write(path string, message *gomail.Msg) error {
	draft, err := os.CreateTemp(filepath.Dir(path), ".draft-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write into the outbox: %w", err)
	}
	_, err = message.WriteTo(draft)
	err = errors.Join(err, draft.Sync(), draft.Close())
	if err == nil {
		err = os.Rename(draft.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write into the outbox: %w", err), os.Remove(draft.Name()))
	}
	return nil
}
