package schedule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/release"
)

// Releaser grants a release request that its account has not answered in time, and
// says where the log was then. It may be called again.
type Releaser interface {
	ReleaseByItself(ctx context.Context, env command.Env, request uuid.UUID) (eventlog.Position, error)
}

// retiredReleases grants requests to release retired devices that their accounts
// have not answered in time. The requests are few; it follows their streams in
// the log and remembers the open ones, and asks the devices each time.
type retiredReleases struct {
	releaser Releaser
	rules    device.Rules

	mu       sync.Mutex
	followed eventlog.Position
	open     map[uuid.UUID]openRelease // by request
}

// openRelease is a request without an answer.
type openRelease struct {
	device, owner uuid.UUID
	at            time.Time
}

func (r *retiredReleases) called() string { return "retired-releases" }

func (r *retiredReleases) next(ctx context.Context, s *Service, _ eventlog.Position) (time.Time, error) {
	due, err := r.due(ctx, s)
	var next time.Time
	for _, at := range due {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next, err
}

// run grants what is due. What cannot be granted does not keep the others back.
func (r *retiredReleases) run(ctx context.Context, s *Service, at time.Time, _ eventlog.Position) (eventlog.Position, error) {
	var reached eventlog.Position
	due, err := r.due(ctx, s)
	if err != nil {
		return reached, err
	}
	var failed []error
	for request, since := range due {
		if at.Before(since) {
			continue
		}
		env := s.executor.Begin(command.System(r.called()), command.Command{ID: uuid.NewSHA1(dueSpace, []byte("release\n"+request.String()))})
		p, err := r.releaser.ReleaseByItself(ctx, env, request)
		if err != nil {
			failed = append(failed, fmt.Errorf("release request %s: %w", request, err))
		}
		if reached.Before(p) {
			reached = p
		}
	}
	return reached, errors.Join(failed...)
}

// due says when each open request for a retired device is to be granted.
func (r *retiredReleases) due(ctx context.Context, s *Service) (map[uuid.UUID]time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.follow(ctx, s.executor.Log); err != nil {
		return nil, err
	}
	due := map[uuid.UUID]time.Time{}
	for request, open := range r.open {
		l, err := eventlog.Load(ctx, s.executor.Log, device.Aggregate, open.device)
		if err != nil {
			return nil, err
		}
		if l.State.LifeCycle != device.OutOfService || l.State.Account != open.owner {
			continue
		}
		since := open.at
		for _, e := range l.Events {
			if _, retired := e.Event.(device.Retired); retired && e.Metadata.OccurredAt.After(since) {
				since = e.Metadata.OccurredAt
			}
		}
		due[request] = since.Add(r.rules.RetiredRelease)
	}
	return due, nil
}

// follow reads on where the last run ended.
func (r *retiredReleases) follow(ctx context.Context, log eventlog.Log) error {
	if r.open == nil {
		r.open = map[uuid.UUID]openRelease{}
	}
	for e, err := range log.ReadAll(ctx, r.followed, release.Aggregate.Category+"-") {
		if err != nil {
			return err
		}
		switch event := e.Event.(type) {
		case release.ReleaseRequested:
			owner, err := uuid.Parse(strings.TrimPrefix(e.Stream, release.Aggregate.Category+"-"))
			if err != nil {
				return fmt.Errorf("stream %s: %w", e.Stream, err)
			}
			r.open[event.Request] = openRelease{device: event.Device, owner: owner, at: e.Metadata.OccurredAt}
		case release.ReleaseRequestGranted:
			delete(r.open, event.Request)
		case release.ReleaseRequestDenied:
			delete(r.open, event.Request)
		case release.ReleaseRequestEnded:
			delete(r.open, event.Request)
		}
		r.followed = e.Position
	}
	return nil
}
