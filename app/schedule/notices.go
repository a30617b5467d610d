package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
)

// Noticer sends the monthly notices. Everything may be done again.
type Noticer interface {
	// Sends reports whether it sends any, and how many hours after the beginning of
	// a month.
	Sends() (hours int, sends bool)
	// SendDue sends those of a reseller that are due at an instant, by the read
	// models at p at least, and says where the log was then.
	SendDue(ctx context.Context, reseller uuid.UUID, at time.Time, p eventlog.Position) (eventlog.Position, error)
	// Settle records what has become of the mails.
	Settle(ctx context.Context, p eventlog.Position) (eventlog.Position, error)
}

// notices sends each reseller the notices of the last month whose 1st has come.
type notices struct{ noticer Noticer }

func (notices) called() string { return "monthly-notices" }

func (n notices) next(ctx context.Context, s *Service, p eventlog.Position) (time.Time, error) {
	hours, sends := n.noticer.Sends()
	if !sends {
		return time.Time{}, nil
	}
	return s.firstDue(ctx, query.DueQuery{Kind: query.DueNotices, Hours: hours, MinPosition: p})
}

// run goes through the resellers. What cannot be done for one does not keep the
// others back.
func (n notices) run(ctx context.Context, s *Service, at time.Time, p eventlog.Position) (eventlog.Position, error) {
	hours, sends := n.noticer.Sends()
	if !sends {
		return p, nil
	}
	var failed []error
	q := query.DueQuery{Kind: query.DueNotices, Hours: hours, MinPosition: p, Upto: at}
	for row, err := range s.allDue(ctx, q) {
		if err != nil {
			return p, err
		}
		reached, err := n.noticer.SendDue(ctx, row.UID, at, q.MinPosition)
		if err != nil {
			failed = append(failed, fmt.Errorf("reseller %s: %w", row.UID, err))
		}
		if p.Before(reached) {
			p = reached
		}
	}
	settled, err := n.noticer.Settle(ctx, p)
	if p.Before(settled) {
		p = settled
	}
	return p, errors.Join(append(failed, err)...)
}
