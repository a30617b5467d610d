// Package turns shares places among tenants, so that one that asks for much does not
// keep the others waiting: while others are there it holds no more than its share, and
// a free place goes to the tenant that holds the least. It owns the rule and nothing
// else: what a place is for, and who is a tenant, its callers decide.
package turns

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"
)

// Options say how many places there are. A place is of weight 1 or whatever a taker says.
type Options struct {
	Places int64 // all there are
	Alone  int64 // what a tenant holds at most while no other is there
	Share  int64 // and while others are there
	AtOnce int   // takers of a tenant, those that wait included; 0: any number
	// Together is how long a tenant counts as there after it gave its last place back.
	Together time.Duration
}

// ErrTooMany says that a tenant has as many takers as it may have.
var ErrTooMany = errors.New("too many at once")

// Turns are the places. Safe for concurrent use.
type Turns struct {
	o       Options
	mu      sync.Mutex
	free    int64
	tenants map[string]*tenant
	served  uint64 // counts places given, to know who was served longest ago
	came    uint64 // counts takers, to know who waits longest
}

type tenant struct {
	held    int64
	takers  int // those that hold and those that wait
	waiting []*taker
	served  uint64
	left    time.Time // when it gave its last place back
}

type taker struct {
	weight int64
	came   uint64
	given  chan struct{} // closed when it has its place
}

// New makes the places, all free.
func New(o Options) *Turns {
	return &Turns{o: o, free: o.Places, tenants: map[string]*tenant{}}
}

// Place is one that a tenant has taken. Leave and Return are called by one goroutine at
// a time.
type Place struct {
	turns  *Turns
	tenant string
	weight int64
	held   bool
}

// Take waits for a place of a weight, at most as heavy as a tenant's share. It fails with
// ErrTooMany, or when ctx ends.
func (t *Turns) Take(ctx context.Context, name string, weight int64) (*Place, error) {
	p := &Place{turns: t, tenant: name, weight: min(weight, t.o.Share)}
	return p, p.take(ctx, t.o.AtOnce)
}

// Leave gives the place back; again, it does nothing.
func (p *Place) Leave() {
	if p == nil || !p.held {
		return
	}
	p.held = false
	p.turns.mu.Lock()
	defer p.turns.mu.Unlock()
	of := p.turns.tenants[p.tenant]
	of.held -= p.weight
	p.turns.free += p.weight
	p.turns.gone(of)
	p.turns.give()
}

// Return waits for the place again after it was left.
func (p *Place) Return(ctx context.Context) error {
	if p == nil || p.held {
		return nil
	}
	return p.take(ctx, 0) // it was let in before
}

func (p *Place) take(ctx context.Context, most int) error {
	t, me := p.turns, &taker{weight: p.weight, given: make(chan struct{})}
	t.mu.Lock()
	of, err := t.enter(p.tenant, most)
	if err == nil {
		t.came++
		me.came = t.came
		of.waiting = append(of.waiting, me)
		t.give()
	}
	t.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case <-me.given:
		p.held = true
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, other := range of.waiting {
		if other == me {
			of.waiting = append(of.waiting[:i], of.waiting[i+1:]...)
			t.gone(of)
			t.give() // whoever stood behind may fit
			return ctx.Err()
		}
	}
	p.held = true // given at the same moment
	return nil
}

// enter counts one more taker of a tenant.
func (t *Turns) enter(name string, most int) (*tenant, error) {
	of, known := t.tenants[name]
	if !known {
		t.forget()
		of = &tenant{}
		t.tenants[name] = of
	}
	if most > 0 && of.takers >= most {
		return nil, ErrTooMany
	}
	of.takers++
	return of, nil
}

func (t *Turns) gone(of *tenant) {
	if of.takers--; of.takers == 0 {
		of.left = time.Now()
	}
}

// there reports whether a tenant counts for the others.
func (t *Turns) there(of *tenant, now time.Time) bool {
	return of.takers > 0 || now.Sub(of.left) < t.o.Together
}

// forget drops the tenants that are no longer there.
func (t *Turns) forget() {
	now := time.Now()
	for name, of := range t.tenants {
		if !t.there(of, now) {
			delete(t.tenants, name)
		}
	}
}

// give hands free places to those that wait: each to the tenant that holds the least,
// among those to the one that was served longest ago, and among those that never were to
// the one that waits longest. Nobody passes a taker whose turn it is and who is too heavy
// for what is free at the moment.
func (t *Turns) give() {
	for {
		of := t.next()
		if of == nil || of.waiting[0].weight > t.free {
			return
		}
		first := of.waiting[0]
		of.waiting = of.waiting[1:]
		t.served++
		of.served = t.served
		of.held += first.weight
		t.free -= first.weight
		close(first.given)
	}
}

func (t *Turns) next() (next *tenant) {
	now, there := time.Now(), 0
	for _, of := range t.tenants {
		if t.there(of, now) {
			there++
		}
	}
	most := t.o.Alone
	if there > 1 {
		most = t.o.Share
	}
	for _, of := range t.tenants {
		switch {
		case len(of.waiting) == 0 || of.held+of.waiting[0].weight > most:
		case next == nil || of.before(next):
			next = of
		}
	}
	return next
}

// before reports whether of two tenants that wait this one is to be served first.
func (of *tenant) before(other *tenant) bool {
	return cmp.Or(
		cmp.Compare(of.held, other.held),
		cmp.Compare(of.served, other.served),
		cmp.Compare(of.waiting[0].came, other.waiting[0].came)) < 0
}
