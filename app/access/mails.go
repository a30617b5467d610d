package access

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// mailWindow is the time in which mails are counted.
const mailWindow = time.Hour

// Mails bounds what callers cause to be mailed: the service is not to fill the mailboxes
// of others. Of an address, or of an account, only a keyed hash is kept. The operator's own
// account is everybody's: only addresses bound it.
type Mails struct {
	Counts                   ports.MailCounts
	PerRecipient, PerAccount int // within mailWindow; zero: any number
	Tokens                   Tokens
}

// The purposes that mails to one address are counted for apart, so that nobody holds up
// what others mail to it for another reason.
const (
	MailInvitation = "invitation"
	MailAddress    = "confirmation of an address"
	MailReset      = "reset of a password"
)

// TooManyMails refuses to cause one more mail.
type TooManyMails struct {
	Wait       time.Duration // until there is room for one
	PerAccount bool          // the account has caused too many; else its address got too many
}

// Error says how long to wait.
func (e *TooManyMails) Error() string {
	return fmt.Sprintf("too many mails; the next one in %s", e.Wait.Round(time.Second))
}

// Asking is a command that goes on only where one more mail may go to an address, which it
// causes (*TooManyMails). A repeat of the command is the same mail.
func (m Mails) Asking(env command.Env, purpose, to string) command.Env {
	return env.Provided(func(ctx context.Context, look bool) error {
		return m.count(ctx, ports.CountedMail{ID: env.Command.ID, At: env.At, Look: look}, env.Actor, purpose, to)
	})
}

// Caused counts a mail that follows from what a caller did: to users of accounts, who know
// each other. What one account causes is counted apart from what others do. The error is
// *TooManyMails where the mail is to be left out.
func (m Mails) Caused(ctx context.Context, e eventlog.Recorded, mail ports.Mail) error {
	by := e.Metadata.Actor
	if by.Account == uuid.Nil {
		return nil // the operator, or what happens by itself
	}
	return m.count(ctx, ports.CountedMail{ID: mail.ID, At: e.Metadata.OccurredAt}, by, "news by "+by.Account.String(), mail.To)
}

const byAccount = "account"

func (m Mails) count(ctx context.Context, mail ports.CountedMail, by domain.Actor, purpose, to string) error {
	if m.PerRecipient > 0 {
		key := to
		if _, normal, problems := account.NormaliseEmail(to); len(problems) == 0 {
			key = normal
		}
		mail.Of = append(mail.Of, ports.MailLimit{Kind: purpose, Subject: m.Tokens.Pseudonym("mails to", purpose+"\x00"+key), Most: m.PerRecipient})
	}
	if m.PerAccount > 0 && by.Account != uuid.Nil {
		mail.Of = append(mail.Of, ports.MailLimit{Kind: byAccount, Subject: m.Tokens.Pseudonym("mails by", by.Account.String()), Most: m.PerAccount})
	}
	if len(mail.Of) == 0 {
		return nil
	}
	mail.Window = mailWindow
	wait, full, err := m.Counts.CountMail(ctx, mail)
	if err == nil && wait > 0 {
		err = &TooManyMails{Wait: wait, PerAccount: full.Kind == byAccount}
	}
	return err
}
