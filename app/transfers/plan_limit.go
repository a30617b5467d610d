package transfers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/query"
)

// TooManyPlans refuses a plan of an account that has as many unexpired ones as it may
// have.
type TooManyPlans struct {
	Most int
	Wait time.Duration // until one has expired
}

func (e *TooManyPlans) Error() string {
	return fmt.Sprintf("too many transfer plans, %d is the most; the next one in %s", e.Most, e.Wait.Round(time.Second))
}

// mayKeepPlan bounds the unexpired plans that an account has (*TooManyPlans). They are
// counted in the read model, so those that are made at the same moment may exceed the
// limit. Where there is no read model to count in, a plan is made: that is no reason for
// an outage.
func (s *Service) mayKeepPlan(ctx context.Context, caller access.Caller) error {
	if s.plans.Most == 0 || caller.Own() == uuid.Nil {
		return nil
	}
	until, err := s.reader.PlansFull(ctx, caller.Own(), s.plans.Most)
	switch wait := until.Sub(s.executor.Clock.Now()); {
	case errors.Is(err, query.ErrNotCaughtUp), errors.Is(err, query.ErrUnavailable):
		return nil
	case err != nil || until.IsZero() || wait <= 0:
		return err
	default:
		return &TooManyPlans{Most: s.plans.Most, Wait: wait}
	}
}
