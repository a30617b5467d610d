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
	"github.com/fleetledger/fleetledger/app/query"
)

// Delivery sends mails that wait, one attempt at a time.
//
// Each mail goes out once, with one exception: when the process or the database
// dies, or the connection breaks, between the server's taking it and the noting
// of that, it is sent again with the same Message-ID, by which mail programs show it once.
type Delivery struct {
	Mails  *mails.Store
	Server *Server
	// GiveUp is how old a mail gets.
	GiveUp time.Duration
	Logger *slog.Logger
}

var retries = backoff.Backoff{Min: 10 * time.Second, Max: time.Hour}

// Deliver tries to send a mail. Again is when to try the next time, zero when
// the mail has gone out or is given up. After an error, the database's or that
// of a context that ended, the mail waits as before.
func (d *Delivery) Deliver(ctx context.Context, id uuid.UUID) (again time.Duration, err error) {
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
		return 0, ctx.Err() // this process stops: no attempt of the server's
	}
	// A stop that comes now must not make the mail go out twice.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	defer cancel()
	if sending == nil {
		return 0, d.Mails.Sent(ctx, id)
	}
	reason := withoutAddress(sending, w.To)
	if _, refused := errors.AsType[*RefusedError](sending); refused || w.Age >= d.GiveUp {
		d.Logger.ErrorContext(ctx, "a mail is given up", "mail", id, "attempts", w.Attempts+1, "error", reason)
		return 0, d.Mails.Failed(ctx, id, reason)
	}
	again = retries.Delay(w.Attempts + 1)
	d.Logger.WarnContext(ctx, "a mail waits for the mail server", "mail", id, "attempts", w.Attempts+1, "again", again, "error", reason)
	return again, d.Mails.Tried(ctx, id, reason)
}

// noteTime is how long the noting of a result may take.
const noteTime = 3 * time.Second

// withoutAddress is an error as it may be kept: servers like to repeat whom a
// mail was for.
func withoutAddress(err error, address string) string {
	if address == "" {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), address, "(recipient)")
}
