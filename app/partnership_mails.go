package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/partnership"
)

// PartnershipMails is the process that warns of ends to come: it follows the log
// of partnerships and hands the mailer one mail per warning and administrator of
// both accounts, its id made of the event's and the person's, so that a repeat
// is the same mail. An end that was moved or removed meanwhile is not warned of
// any more.
func (a *App) PartnershipMails(mailer ports.Mailer, publicURL string) func(context.Context, eventlog.Batch) error {
	return func(ctx context.Context, batch eventlog.Batch) error {
		for _, e := range batch.Events {
			warned, ok := e.Event.(partnership.PartnershipEndWarned)
			if !ok {
				continue
			}
			if err := a.mailWarning(ctx, mailer, e, warned, publicURL); err != nil {
				return fmt.Errorf("mail warning of %s: %w", e.Stream, err)
			}
		}
		return nil
	}
}

func (a *App) mailWarning(ctx context.Context, mailer ports.Mailer, e eventlog.Recorded, warned partnership.PartnershipEndWarned, publicURL string) error {
	p, holds, err := a.warnedOf(ctx, e)
	if err != nil || !holds {
		return err
	}
	reseller, err := a.account(ctx, p.Reseller)
	if err != nil {
		return err
	}
	customer, err := a.account(ctx, p.Customer)
	if err != nil {
		return err
	}
	for _, side := range []account.State{reseller, customer} {
		if side.Status == account.Closed {
			continue
		}
		for _, to := range side.Administrators {
			if to.IsErased() {
				continue
			}
			mail := warningMail(e, warned.Until.UTC(), reseller, customer, to, publicURL)
			if err := mailer.Send(ctx, mail); err != nil {
				return err
			}
		}
	}
	return nil
}

// warnedOf is the partnership as it was warned of, and whether its end still
// holds. That it has come by itself since is no reason to say nothing.
func (a *App) warnedOf(ctx context.Context, e eventlog.Recorded) (s partnership.State, holds bool, err error) {
	for r, err := range a.log.ReadStream(ctx, e.Stream, 0) {
		if err != nil {
			return s, false, err
		}
		if r.Revision <= e.Revision {
			s = partnership.Evolve(s, r.Event)
			continue
		}
		switch event := r.Event.(type) {
		case partnership.PartnershipEndSet, partnership.PartnershipEndRemoved:
			return s, false, nil
		case partnership.PartnershipEnded:
			return s, event.Automatic, nil
		}
	}
	return s, true, nil
}

func warningMail(e eventlog.Recorded, until time.Time, reseller, customer account.State, to account.Person, publicURL string) ports.Mail {
	when := until.Format("2 January 2006 15:04 MST")
	return ports.Mail{
		ID:      uuid.NewSHA1(e.ID, to.ID[:]),
		To:      to.Email,
		Subject: fmt.Sprintf("The partnership of %s and %s ends on %s", reseller.Name, customer.Name, when),
		At:      e.Metadata.OccurredAt,
		Body: fmt.Sprintf(`Hello %s,

the partnership of %s (reseller) and %s (customer) ends by itself
on %s, as it was set by %[3]s.

From that instant on users of %[2]s have no access to the account of %[3]s.
Devices stay where they are, and so do their services.

An administrator of %[3]s can set another end, or none:

%[5]s/v1/accounts/%[6]s/partners/%[7]s

(PATCH {"until": "%[8]s"} sets it, PATCH {"until": null} takes it away.)
`, to.Name, reseller.Name, customer.Name, when, publicURL, customer.UID, reseller.UID, until.AddDate(1, 0, 0).Format(time.RFC3339)),
	}
}
