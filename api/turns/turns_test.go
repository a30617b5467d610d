package turns_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fleetledger/fleetledger/api/turns"
)

// world are takers of places who say when they have one, and give it back when told.
type world struct {
	t     *testing.T
	turns *turns.Turns
	mu    sync.Mutex
	order []string
	held  map[string][]*turns.Place
}

func given(t *testing.T, o turns.Options) *world {
	return &world{t: t, turns: turns.New(o), held: map[string][]*turns.Place{}}
}

// asks has a tenant ask for places of weight 1, and waits until all have one or wait.
func (w *world) asks(tenant string, times int) {
	w.t.Helper()
	for range times {
		w.asksFor(tenant, 1)
	}
}

func (w *world) asksFor(tenant string, weight int64) {
	w.t.Helper()
	go func() {
		p, err := w.turns.Take(w.t.Context(), tenant, weight)
		if err != nil {
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.order, w.held[tenant] = append(w.order, tenant), append(w.held[tenant], p)
	}()
	synctest.Wait()
}

// leaves has a tenant give one place back.
func (w *world) leaves(tenant string) {
	w.t.Helper()
	w.mu.Lock()
	p := w.held[tenant][0]
	w.held[tenant] = w.held[tenant][1:]
	w.mu.Unlock()
	p.Leave()
	synctest.Wait()
}

func (w *world) holds(tenant string, want int) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := len(w.held[tenant]); got != want {
		w.t.Fatalf("%s holds %d, want %d", tenant, got, want)
	}
}

func TestAloneATenantTakesWhatThereIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := given(t, turns.Options{Places: 10, Alone: 8, Share: 2})
		w.asks("noisy", 50)
		w.holds("noisy", 8)
	})
}

// A tenant that comes while another holds all that one may hold gets places at once, and
// from then on the noisy one goes down to its share.
func TestWhoeverComesFindsAPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := given(t, turns.Options{Places: 10, Alone: 8, Share: 2, Together: time.Second})
		w.asks("noisy", 50)
		w.asks("quiet", 1)
		w.holds("quiet", 1)
		for range 8 {
			w.leaves("noisy")
		}
		w.holds("noisy", 2)
		w.leaves("quiet")
		w.holds("noisy", 2)
		w.asks("quiet", 1) // again within a second
		w.holds("quiet", 1)
		w.leaves("quiet")
		<-time.After(2 * time.Second)
		w.leaves("noisy")
		w.holds("noisy", 8) // alone again
	})
}

// Places go to whoever holds the least, and in turn among equals, however many of one
// wait.
func TestPlacesAreGivenInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := given(t, turns.Options{Places: 1, Alone: 1, Share: 1, Together: time.Second})
		w.asks("a", 10)
		w.asks("b", 2)
		w.asks("c", 2)
		for _, served := range []string{"a", "b", "c", "a", "b", "c", "a"} {
			w.leaves(served)
		}
		if want := []string{"a", "b", "c", "a", "b", "c", "a", "a"}; !slices.Equal(w.order, want) {
			t.Errorf("served %v, want %v", w.order, want)
		}
	})
}

// Light takers do not pass a heavy one for ever.
func TestTheHeavyAreNotPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := given(t, turns.Options{Places: 4, Alone: 4, Share: 4, Together: time.Second})
		w.asks("light", 4)
		w.asksFor("heavy", 4)
		w.asks("light", 4)
		for range 4 {
			w.leaves("light")
		}
		w.holds("heavy", 1)
		w.holds("light", 0)
		w.leaves("heavy")
		w.holds("light", 4)
	})
}

func TestNobodyQueuesWithoutEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := given(t, turns.Options{Places: 1, Alone: 1, Share: 1, AtOnce: 3})
		w.asks("noisy", 3)
		if _, err := w.turns.Take(t.Context(), "noisy", 1); !errors.Is(err, turns.ErrTooMany) {
			t.Errorf("the fourth: %v", err)
		}
		w.leaves("noisy")
		w.asks("quiet", 1)
		w.asks("noisy", 1) // there is room again
	})
}

// Whoever gives up waiting holds nobody up; a place left for a while is taken again in
// turn.
func TestGivingUpAndComingBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		places := turns.New(turns.Options{Places: 1, Alone: 1, Share: 1})
		first, err := places.Take(t.Context(), "a", 1)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := places.Take(ctx, "b", 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("waited: %v", err)
		}
		first.Leave()
		first.Leave()
		second, err := places.Take(t.Context(), "b", 1)
		if err != nil {
			t.Fatal(err)
		}
		back := make(chan error)
		go func() { back <- first.Return(t.Context()) }()
		synctest.Wait()
		second.Leave()
		if err := <-back; err != nil {
			t.Fatal(err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := places.Take(ctx, "c", 1); err == nil {
			t.Error("a place taken again was free")
		}
	})
}
