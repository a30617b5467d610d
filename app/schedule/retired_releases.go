package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
)

// Releaser grants a release request that its account has not answered in time, if that
// is so at an instant, and says where the log was then. It may be called again.
type Releaser interface {
	ReleaseByItself(ctx context.Context, env command.Env, request uuid.UUID, at time.Time) (eventlog.Position, error)
}

// retiredReleases grants requests to release retired devices that their accounts have
// not answered in time: the read model says which may be due, the streams decide.
type retiredReleases struct {
	releaser   Releaser
	unanswered time.Duration
}

func (retiredReleases) called() string { return "retired-releases" }

func (r retiredReleases) next(ctx context.Context, s *Service, p eventlog.Position) (time.Time, error) {
	return s.firstDue(ctx, query.DueQuery{Kind: query.DueReleases, Unanswered: r.unanswered, MinPosition: p})
}

// run grants what is due. What cannot be granted does not keep the others back.
func (r retiredReleases) run(ctx context.Context, s *Service, at time.Time, p eventlog.Position) (reached eventlog.Position, err error) {
	var failed []error
	for row, err := range s.allDue(ctx, query.DueQuery{Kind: query.DueReleases, Unanswered: r.unanswered, MinPosition: p, Upto: at}) {
		if err != nil {
			return reached, err
		}
		env := s.executor.Begin(command.System(r.called()), command.Command{ID: uuid.NewSHA1(dueSpace, []byte("release\n"+row.UID.String()))})
		p, err := r.releaser.ReleaseByItself(ctx, env, row.UID, at)
		if err != nil {
			failed = append(failed, fmt.Errorf("release request %s: %w", row.UID, err))
		}
		if reached.Before(p) {
			reached = p
		}
	}
	return reached, errors.Join(failed...)
}
