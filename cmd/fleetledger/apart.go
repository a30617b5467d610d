package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/apart"
	"github.com/fleetledger/fleetledger/adapters/mail"
	"github.com/fleetledger/fleetledger/app/ports"
)

// apartFolders are where the list of what a restored backup cannot know is kept.
func (c *Config) apartFolders() []string {
	if c.BackupDir == "" {
		return []string{c.DataDir}
	}
	return []string{c.DataDir, c.BackupDir}
}

// listedErasures are keys of persons whose destruction is noted first: an erasure
// that was acknowledged is on the list.
type listedErasures struct {
	ports.PersonKeys
	list *apart.List
}

// Erase implements ports.PersonKeys.
func (l listedErasures) Erase(ctx context.Context, person uuid.UUID) error {
	if err := l.list.Erased(person); err != nil {
		return fmt.Errorf("%w: %w", ports.ErrKeysUnavailable, err)
	}
	return l.PersonKeys.Erase(ctx, person)
}

// listedMails is an outbox whose mails are noted.
type listedMails struct {
	*mail.Outbox
	list   *apart.List
	logger *slog.Logger
}

// Send implements ports.Mailer.
func (l listedMails) Send(ctx context.Context, m ports.Mail) error {
	if err := l.Outbox.Send(ctx, m); err != nil {
		return err
	}
	if m.LeftOut != "" {
		return nil
	}
	noteMail(l.list, l.logger)(ctx, m)
	return nil
}

// noteMail notes mails that went out. They are out: an error is told, no more.
func noteMail(list *apart.List, logger *slog.Logger) func(context.Context, ports.Mail) {
	return func(ctx context.Context, m ports.Mail) {
		if err := list.Sent(m.ID, m.Event, m.Kind); err != nil {
			logger.ErrorContext(ctx, "a mail that went out is not on the list kept apart from the database", "mail", m.ID, "error", err)
		}
	}
}
