package webhooks

import (
	"context"
	"errors"
	"time"

	"github.com/fleetledger/fleetledger/app/query"
)

const (
	// gather lets events that happen together be delivered in one turn.
	gather = 50 * time.Millisecond
	// patience is how long one look waits for news.
	patience = 30 * time.Second
	// breath is the pause after a look that went wrong.
	breath = time.Second
)

// Follow has webhooks told whenever the feed goes on, until ctx ends. Each instance may do
// it: a webhook whose turn waits already is left alone.
func (s *Service) Follow(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.followOnce(ctx); err != nil && ctx.Err() == nil {
			s.logger().DebugContext(ctx, "webhooks are looked at again", "error", err)
			rest(ctx, breath)
		}
	}
	return nil
}

// followOnce queues the turns of all active webhooks and waits until there is more.
func (s *Service) followOnce(ctx context.Context) error {
	_, position, err := s.feed.End(ctx)
	if err != nil {
		return err
	}
	active, err := s.Store.Active(ctx)
	if err == nil {
		err = s.Queue(ctx, active)
	}
	if err != nil {
		return err
	}
	for {
		waiting, cancel := context.WithTimeout(ctx, patience)
		err := s.feed.Beyond(waiting, position)
		cancel()
		if err == nil {
			rest(ctx, gather)
		}
		if !errors.Is(err, query.ErrNotCaughtUp) || ctx.Err() != nil {
			return err
		}
	}
}

// rest waits, less where the context ends before.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
