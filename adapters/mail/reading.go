package mail

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/textproto"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

// Outcomes implements ports.MailOutcomes: what is in the outbox has gone out.
func (o *Outbox) Outcomes(_ context.Context, ids []uuid.UUID) (map[uuid.UUID]ports.MailOutcome, error) {
	all := map[uuid.UUID]ports.MailOutcome{}
	for _, id := range ids {
		switch _, err := os.Stat(o.path(id)); {
		case err == nil:
			all[id] = ports.MailOutcome{}
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("look into the outbox: %w", err)
		}
	}
	return all, nil
}

// Mails implements ports.Outbox. The head of each mail is read once.
func (o *Outbox) Mails(context.Context) ([]ports.Mail, error) {
	files, err := os.ReadDir(o.dir)
	if err != nil {
		return nil, fmt.Errorf("look into the outbox: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []ports.Mail
	for _, f := range files {
		name, ok := strings.CutSuffix(f.Name(), ".eml")
		id, err := uuid.Parse(name)
		if !ok || err != nil {
			continue
		}
		if _, known := o.known[id]; !known {
			head, err := o.read(id, false)
			if err != nil {
				continue // no mail of ours
			}
			o.known[id] = head
		}
		all = append(all, o.known[id])
	}
	slices.SortFunc(all, func(a, b ports.Mail) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return strings.Compare(a.ID.String(), b.ID.String())
	})
	return all, nil
}

// Mail implements ports.Outbox.
func (o *Outbox) Mail(_ context.Context, id uuid.UUID) (ports.Mail, error) {
	m, err := o.read(id, true)
	if errors.Is(err, fs.ErrNotExist) {
		return m, query.ErrNotFound
	}
	return m, err
}

func (o *Outbox) read(id uuid.UUID, whole bool) (ports.Mail, error) {
	m := ports.Mail{ID: id}
	file, err := os.Open(o.path(id))
	if err != nil {
		return m, fmt.Errorf("read from the outbox: %w", err)
	}
	defer func() { _ = file.Close() }()
	message, err := netmail.ReadMessage(file)
	if err != nil {
		return m, fmt.Errorf("read mail %s: %w", id, err)
	}
	to, err := message.Header.AddressList("To")
	if err != nil {
		return m, fmt.Errorf("read mail %s: %w", id, err)
	}
	m.To = to[0].Address
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject")); err != nil {
		return m, fmt.Errorf("read mail %s: %w", id, err)
	}
	if m.At, err = message.Header.Date(); err != nil {
		return m, fmt.Errorf("read mail %s: %w", id, err)
	}
	m.At = m.At.UTC()
	if m.LeftOut, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get(leftOut)); err != nil {
		return m, fmt.Errorf("read mail %s: %w", id, err)
	}
	m.Unsubscribe = strings.Trim(message.Header.Get("List-Unsubscribe"), "<>")
	if !whole {
		return m, nil
	}
	return m, part(&m, textproto.MIMEHeader(message.Header), message.Body)
}

// part reads a part of a message, and those inside.
func part(m *ports.Mail, header textproto.MIMEHeader, body io.Reader) error {
	kind, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("read a mail: %w", err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, parameters["boundary"])
		for {
			p, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("read a mail: %w", err)
			}
			if err := part(m, p.Header, p); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(header.Get("Content-Transfer-Encoding")) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("read a mail: %w", err)
	}
	_, disposition, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
	switch {
	case disposition["filename"] != "":
		m.Attachments = append(m.Attachments, ports.Attachment{Name: disposition["filename"], Type: header.Get("Content-Type"), Data: data})
	case kind == "text/html":
		m.HTML = lines(data)
	case kind == "text/plain":
		m.Body = lines(data)
	}
	return nil
}

// lines are a text with the ends of lines that it was written with.
func lines(data []byte) string { return strings.ReplaceAll(string(data), "\r\n", "\n") }
