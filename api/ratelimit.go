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
const defaultRate = 5000

// callers counts requests by caller: a token bucket each. Callers are few, as
// they are authenticated; those that were away long enough to be full again
// are forgotten when there are many.
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

func newCallers(rate int) *callers {
	return &callers{rate: float64(rate), burst: 2 * float64(rate), buckets: map[string]*bucket{}}
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

// limited refuses callers that send too much.
func (s *Server) limited(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if op.public {
			return next
		}
		return func(c echo.Context) error {
			actor := callOf(c.Request().Context()).caller.Actor
			left := s.callers.take(string(actor.Kind)+"/"+actor.ID, time.Now())
			if left >= 0 {
				return next(c)
			}
			seconds := func(tokens float64) string {
				return strconv.Itoa(max(1, int(math.Ceil(tokens/s.callers.rate))))
			}
			f := fail(codeTooManyRequests, "This caller sends more requests than the service takes.")
			f.header = http.Header{
				"Retry-After":         {seconds(-left)},
				"Ratelimit-Limit":     {strconv.Itoa(int(s.callers.burst))},
				"Ratelimit-Remaining": {"0"},
				"Ratelimit-Reset":     {seconds(s.callers.burst - left - 1)},
			}
			return f
		}
	}
}
