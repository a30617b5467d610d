package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/fleetledger/fleetledger/api/turns"
)

// defaultAtOnce is how many requests of one account may be under way.
const defaultAtOnce = 400

// What a request weighs while it is at work: a read keeps a processor busy, here and in
// the database; a write waits for the disk half of its time.
const (
	readWeight  = 2
	writeWeight = 1
)

// handlingPlaces are the places of requests that are at work: their number bounds what the
// stores are asked for at the same time. An account that is alone has most of them; while
// others are there it keeps half of the machine's processors busy, so that another's
// request finds one free. What is beyond waits, and costs next to nothing.
func handlingPlaces(atOnce int) turns.Options {
	return turns.Options{
		Places: 64 * readWeight, Alone: 48 * readWeight, Share: int64(max(readWeight, runtime.GOMAXPROCS(0)/2*readWeight)),
		AtOnce: cmp.Or(atOnce, defaultAtOnce), Together: 2 * time.Second,
	}
}

func weightOf(r *http.Request) int64 {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return readWeight
	}
	return writeWeight
}

// inTurn gives a request its place while it is at work.
func (s *Server) inTurn(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if op.public {
			return next
		}
		return func(c echo.Context) error {
			made := callOf(c.Request().Context())
			place, err := s.handling.Take(c.Request().Context(), made.tenant(), weightOf(c.Request()))
			if errors.Is(err, turns.ErrTooMany) {
				return fail(codeTooManyAtOnce, "This account has as many requests under way as it may have.")
			}
			if err != nil {
				return err
			}
			made.handled.place = place
			defer place.Leave()
			return next(c)
		}
	}
}

// handled is a request's place, which it leaves while it waits.
type handled struct {
	mu    sync.Mutex
	place *turns.Place // nil: it needs none
	aside int          // how many of its parts wait
}

// Aside is for a request that waits for something that others do, such as a read model
// that has to follow: meanwhile it leaves its place to them.
func Aside(ctx context.Context, wait func() error) error {
	made := callOf(ctx)
	if made == nil || made.handled.place == nil {
		return wait()
	}
	h := &made.handled
	h.mu.Lock()
	if h.aside++; h.aside == 1 {
		h.place.Leave()
	}
	h.mu.Unlock()
	err := wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.aside--; h.aside == 0 && err == nil {
		return h.place.Return(ctx)
	}
	return err
}
