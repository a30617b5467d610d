package schedule

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/user"
)

// Service does what falls due. It is safe for concurrent use.
type Service struct {
	executor *command.Executor
	reader   query.Reader
	sandbox  ports.SandboxClock // nil in a service that is no sandbox
	works    []work
}

// New makes the service. releaser grants what was not answered; noticer sends the
// monthly notices; warnDays are the
// days before a partnership's end on which both sides are warned; sandbox is the
// executor's clock where it can be moved, else nil.
func New(x *command.Executor, reader query.Reader, releaser Releaser, noticer Noticer, rules device.Rules, warnDays []int, sandbox ports.SandboxClock) *Service {
	s := &Service{executor: x, reader: reader, sandbox: sandbox}
	s.works = []work{
		dueStreams[device.State]{
			name: "automatic-renewals", due: query.DueQuery{Kind: query.DueRenewals}, aggregate: device.Aggregate,
			decide: func(s device.State, at time.Time) ([]domain.Event, error) {
				return device.DecideRenew(s, device.Renew{Automatic: true, Today: calendar.DateOf(at), Rules: rules})
			},
			command: renewalOf,
		},
		dueStreams[partnership.State]{
			name: "partnership-ends", due: query.DueQuery{Kind: query.DuePartnershipEnds}, aggregate: partnership.Aggregate,
			decide: partnership.DecideLapse, command: placeInStream,
		},
		dueStreams[partnership.State]{
			name: "partnership-warnings", due: query.DueQuery{Kind: query.DuePartnershipWarning, WarnDays: warnDays}, aggregate: partnership.Aggregate,
			decide: func(s partnership.State, at time.Time) ([]domain.Event, error) {
				return partnership.DecideWarn(s, warnDays, at)
			},
			command: placeInStream,
		},
		dueStreams[account.State]{
			name: "invitation-expiry", due: query.DueQuery{Kind: query.DueInvitations}, aggregate: account.Aggregate,
			decide: account.DecideLapse, command: placeInStream,
		},
		dueStreams[user.State]{
			name: "user-invitation-expiry", due: query.DueQuery{Kind: query.DueUserInvitations}, aggregate: user.Aggregate,
			decide: user.DecideLapse, command: placeInStream,
		},
		dueStreams[user.State]{
			name: "email-change-expiry", due: query.DueQuery{Kind: query.DueEmailChanges}, aggregate: user.Aggregate,
			decide: user.DecideLapseEmail, command: placeInStream,
		},
		dueStreams[account.State]{
			name: "all-services", due: query.DueQuery{Kind: query.DueAllServices}, aggregate: account.Aggregate,
			decide:  func(s account.State, _ time.Time) ([]domain.Event, error) { return account.DecideAllServices(s) },
			command: placeInStream,
		},
		retiredReleases{releaser: releaser, unanswered: rules.RetiredRelease},
		notices{noticer},
		days{},
	}
	return s
}

// renewalOf names the command of an automatic renewal after the renewal, which
// follows from device and period: another run may find another number of
// periods, and each has its one event all the same.
func renewalOf(_ string, _ eventlog.Revision, e domain.Event) uuid.UUID {
	renewed, _ := e.(device.ServiceRenewed) // the one thing that is decided
	return renewed.Renewal
}

// work is something that happens by itself when its time has come.
type work interface {
	// called is its name in logs, errors and events.
	called() string
	// next is the earliest instant at which something falls due that was not done
	// yet, perhaps a past one; zero when there is nothing. The read models it asks
	// are at p at least.
	next(ctx context.Context, s *Service, p eventlog.Position) (time.Time, error)
	// run does all that is due at an instant, by the read models at p at least,
	// and gives the position of the last event it knows of. It may be called again
	// and on several instances at once: each thing is done once.
	// eventlog.ErrBusy: something is kept from being done for the moment.
	run(ctx context.Context, s *Service, at time.Time, p eventlog.Position) (eventlog.Position, error)
}

// firstDue is the earliest instant of what a query finds; zero when that is nothing.
func (s *Service) firstDue(ctx context.Context, q query.DueQuery) (time.Time, error) {
	q.Limit = 1
	rows, err := s.reader.Due(ctx, q)
	if err != nil || len(rows) == 0 {
		return time.Time{}, err
	}
	return rows[0].At, nil
}

// allDue yields what a query finds, asked for page by page. It stops after an error.
func (s *Service) allDue(ctx context.Context, q query.DueQuery) iter.Seq2[query.DueRow, error] {
	return func(yield func(query.DueRow, error) bool) {
		q.Limit = duePage
		for {
			rows, err := s.reader.Due(ctx, q)
			if err != nil {
				yield(query.DueRow{}, err)
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			if len(rows) < q.Limit {
				return
			}
			q.After = rows[len(rows)-1]
		}
	}
}

// RunDue does all that is due by now. What goes wrong with one kind of work does
// not keep the others back.
func (s *Service) RunDue(ctx context.Context) error {
	_, err := s.runDue(ctx, s.executor.Clock.Now(), eventlog.Position{})
	return err
}

func (s *Service) runDue(ctx context.Context, at time.Time, p eventlog.Position) (eventlog.Position, error) {
	var errs []error
	for _, w := range s.works {
		reached, err := w.run(ctx, s, at, p)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", w.called(), err))
		}
		if p.Before(reached) {
			p = reached
		}
	}
	return p, errors.Join(errs...)
}

// nextDue is the earliest instant of all; zero when nothing falls due.
func (s *Service) nextDue(ctx context.Context, p eventlog.Position) (time.Time, error) {
	var next time.Time
	for _, w := range s.works {
		at, err := w.next(ctx, s, p)
		if err != nil {
			return next, fmt.Errorf("%s: %w", w.called(), err)
		}
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, nil
}
