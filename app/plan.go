package app

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// plan says what reservations would be, were the items decided so far carried
// out: the base of dry runs and of the first phase of all-or-nothing requests.
// Nothing is appended.
type plan struct {
	app     *App
	mu      sync.Mutex
	streams map[string]reservation.State
}

func (a *App) plan() *plan {
	return &plan{app: a, streams: map[string]reservation.State{}}
}

// missing gives the problems of what others hold, by the log or by the plan.
func (p *plan) missing(ctx context.Context, holder uuid.UUID, wants []want) ([]domain.Problem, error) {
	var problems []domain.Problem
	for _, w := range wants {
		if err := p.read(ctx, w.key.Stream); err != nil {
			return nil, err
		}
		p.mu.Lock()
		_, ok := reservation.Claim(p.streams[w.key.Stream], w.key, reservation.Reserved{Kind: w.key.Kind, Holder: holder})
		p.mu.Unlock()
		if !ok {
			problems = append(problems, w.taken)
		}
	}
	return problems, nil
}

// take plans the claims.
func (p *plan) take(holder uuid.UUID, wants []want) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range wants {
		reserve := reservation.Reserved{Kind: w.key.Kind, Holder: holder}
		p.streams[w.key.Stream] = reservation.Evolve(p.streams[w.key.Stream], reserve)
	}
}

func (p *plan) read(ctx context.Context, stream string) error {
	p.mu.Lock()
	_, known := p.streams[stream]
	p.mu.Unlock()
	if known {
		return nil
	}
	r, err := p.app.reservations(ctx, stream)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.streams[stream]; !known {
		p.streams[stream] = r.state
	}
	return nil
}
