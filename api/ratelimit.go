package api

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// defaultRate is far more than honest work needs: it keeps a runaway client
// from crowding out the others.
const defaultRate = 300_000 // a minute

// feedRate is what the readers of one calendar may send together.
const feedRate = 600 // a minute

// leastBurst is what may come at once however low the limit is, unless that is below it:
// a page of the desk asks for several things.
const leastBurst = 100

// callers counts requests by tenant: a token bucket each. They are few, as they are
// authenticated; those that were away long enough to be full again are forgotten when
// there are many.
type callers struct {
	rate    float64 // tokens a second
	burst   float64
	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

const manyCallers = 10_000

// newCallers lets so many requests a minute through, and in a burst what comes in two
// seconds of that.
func newCallers(perMinute int) *callers {
	rate := float64(perMinute) / 60
	return &callers{rate: rate, burst: max(2*rate, min(float64(perMinute), leastBurst)), buckets: map[string]*bucket{}}
}

// take spends a token of the caller. left is what remains, negative when there
// was none to spend.
func (c *callers) take(caller string, now time.Time) (left float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.buckets[caller]
	if !ok {
		if len(c.buckets) >= manyCallers {
			c.forget(now)
		}
		b = &bucket{tokens: c.burst, at: now}
		c.buckets[caller] = b
	}
	c.refill(b, now)
	if b.tokens < 1 {
		return b.tokens - 1
	}
	b.tokens--
	return b.tokens
}

func (c *callers) refill(b *bucket, now time.Time) {
	if elapsed := now.Sub(b.at).Seconds(); elapsed > 0 {
		b.tokens = min(c.burst, b.tokens+elapsed*c.rate)
		b.at = now
	}
}

func (c *callers) forget(now time.Time) {
	for name, b := range c.buckets {
		if c.refill(b, now); b.tokens >= c.burst {
			delete(c.buckets, name)
		}
	}
}

// limited refuses tenants that send too much, and tells all how much they may send. A
// calendar has no caller: its readers are limited by their network address, and each feed
// by itself.
func (s *Server) limited(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if op.public && op.id != "getCalendar" {
			return next
		}
		return func(c echo.Context) error {
			left, err := s.callers.spend(callOf(c.Request().Context()).tenant())
			if err != nil {
				return err
			}
			for name, values := range s.callers.told(left) {
				c.Response().Header()[name] = values
			}
			if op.public {
				if _, err := s.feeds.spend(string(s.credential(c.Param("token")))); err != nil {
					return err
				}
			}
			return next(c)
		}
	}
}

// spend takes a token of the caller, or refuses it.
func (c *callers) spend(caller string) (left float64, err error) {
	if left = c.take(caller, time.Now()); left >= 0 {
		return left, nil
	}
	f := fail(codeTooManyRequests, "This account sends more requests than the service takes.")
	f.header = c.told(left)
	f.header.Set("Retry-After", c.seconds(-left))
	return left, f
}

// told is what tenants are told of their limit: what may come at once, what of it is left,
// and in how many seconds it is whole again.
func (c *callers) told(left float64) http.Header {
	return http.Header{
		"Ratelimit-Limit":     {strconv.Itoa(int(c.burst))},
		"Ratelimit-Remaining": {strconv.Itoa(max(0, int(left)))},
		"Ratelimit-Reset":     {c.seconds(c.burst - left - 1)},
	}
}

func (c *callers) seconds(tokens float64) string {
	return strconv.Itoa(max(1, int(math.Ceil(tokens/c.rate))))
}
