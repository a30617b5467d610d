package mail

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/backoff"
	"github.com/fleetledger/fleetledger/adapters/postgres/mails"
	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
)

// Delivery sends mails that wait, one attempt at a time.
//
// Each mail goes out once, with one exception: when the process or the database
// dies, or the connection breaks, after the server has taken the mail and before
// that is recorded, it is sent again with the same Message-ID, so that mail
// programs show it once.
type Delivery struct {
	Mails  *mails.Store
	Server *Server
	// GiveUp is the age from which a mail is given up.
	GiveUp time.Duration
	Logger *slog.Logger
	// Delivered is told of each mail that the server has taken; nil: nobody.
	Delivered func(context.Context, ports.Mail)
}

var retries = backoff.Backoff{Min: 10 * time.Second, Max: time.Hour}

// Deliver tries to send a mail. The next attempt is to follow in retryIn; zero:
// the mail has gone out or is given up. After an error, of the database or of a
// context that ended, the mail waits as before.
func (d *Delivery) Deliver(ctx context.Context, id uuid.UUID) (retryIn time.Duration, err error) {
	w, err := d.Mails.Waiting(ctx, id)
	if errors.Is(err, query.ErrNotFound) {
		return 0, nil
	}
	if errors.Is(err, sealing.ErrCannotOpen) {
		return 0, d.Mails.Failed(ctx, id, err.Error())
	}
	if err != nil {
		return 0, err
	}
	sending := d.Server.Send(ctx, w.Mail)
	if sending != nil && ctx.Err() != nil {
		return 0, ctx.Err() // this process stops; the server is not to blame
	}
	// A stop that comes now must not make the mail go out twice.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if sending == nil {
		if d.Delivered != nil {
			d.Delivered(ctx, w.Mail)
		}
		return 0, d.Mails.Sent(ctx, id)
	}
	reason := withoutAddress(sending, w.To)
	if _, refused := errors.AsType[*RefusedError](sending); refused || w.Age >= d.GiveUp {
		d.Logger.ErrorContext(ctx, "a mail is given up", "mail", id, "attempts", w.Attempts+1, "error", reason)
		return 0, d.Mails.Failed(ctx, id, reason)
	}
	retryIn = retries.Delay(w.Attempts + 1)
	d.Logger.WarnContext(ctx, "a mail waits for the mail server", "mail", id, "attempts", w.Attempts+1, "again", retryIn, "error", reason)
	return retryIn, d.Mails.Tried(ctx, id, reason)
}

// recordTimeout is how long recording a result may take.
const recordTimeout = 3 * time.Second

// withoutAddress gives the text of an error as it may be kept: servers often
// repeat the recipient's address.
func withoutAddress(err error, address string) string {
	if address == "" {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), address, "(recipient)")
}
