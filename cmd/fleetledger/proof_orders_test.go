package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// orders are those for one device of a history.
type orders struct {
	*history
	serial, end string // the device, and when its service ended at first

	mu  sync.Mutex
	ids []uuid.UUID
}

func newOrders(c *proofClient) (subject, bool) {
	n := c.number()
	s := &orders{history: c.begins(fmt.Sprintf("orders %d", n), ordersRules.model()), serial: serialOf(n * 100)}
	if _, ok := c.must(registering(router(n*100, c.site.customer))); !ok {
		return nil, false
	}
	r, ok := c.reads("/v1/devices/"+s.serial, nil)
	if s.end = r.ServiceEnd; ok && s.end == "" {
		c.surprise(fmt.Sprintf("%s was registered, and is read as %s", s.serial, r.text))
		return nil, false
	}
	return s, ok
}

func (s *orders) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ids) >= proofOrders-3
}

// known are the orders so far.
func (s *orders) known() []uuid.UUID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ids)
}

func (s *orders) act(c *proofClient) {
	ids := s.known()
	what := c.random.IntN(12)
	if len(ids) == 0 {
		what = 0
	}
	order := len(ids) - 1 - c.random.IntN(max(1, min(3, len(ids))))
	answer := func(do string, token string) (deed, asked) {
		return deed{do: do, a: order}, asked{
			method: http.MethodPost, path: "/v1/renewals/" + ids[order].String() + ":" + do, token: token, body: map[string]string{"reason": "proof"},
		}
	}
	switch {
	case what < 3:
		if len(ids) < proofOrders-1 {
			s.order(c, c.random.IntN(orderNumbers))
		}
	case what < 6:
		d, a := answer("apply", "")
		c.twice(func(c *proofClient) { s.apply(c, d, a) })
	case what < 7:
		d, a := answer("decline", "")
		c.does(s.history, d, a, nothing)
	case what < 8:
		d, a := answer("withdraw", c.site.desk)
		c.does(s.history, d, a, nothing)
	case what < 10:
		s.readDevice(c, c.read)
	default:
		s.readOrders(c, c.read, order, order+1)
	}
}

func (s *orders) order(c *proofClient, number int) {
	body := map[string]any{"devices": []string{s.serial}, "term": "P1Y", "orderNumber": numbered(number)}
	c.does(s.history, deed{do: "order", b: number}, asked{method: http.MethodPost, path: "/v1/renewals", token: c.site.desk, body: body}, func(r reply) (int, int64) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ids = append(s.ids, r.ID)
		return len(s.ids) - 1, 0
	})
}

// numbered is an order number.
func numbered(number int) string {
	if number == 0 {
		return ""
	}
	return fmt.Sprint("PO-", number)
}

// apply is two operations: the order is answered, and the device is renewed. When the
// device was busy, it is renewed later.
func (s *orders) apply(c *proofClient, d deed, a asked) {
	r := c.write(a, c.keys)
	if !r.sent {
		_ = pause(c.until, proofPause)
		return
	}
	busy := !r.unknown && strings.Contains(r.codes(), " device_busy ")
	if !r.unknown && r.codes() != "" && !busy {
		c.records(s.history, d, r, nothing)
		return
	}
	renewed := r
	renewed.unknown = r.unknown || busy
	if busy {
		r.replyBody = replyBody{}
	}
	c.records(s.history, d, r, nothing)
	d.do = "renew"
	c.records(s.history, d, renewed, nothing)
}

type reading func(path string, values url.Values) (reply, bool)

func (s *orders) readDevice(c *proofClient, read reading) bool {
	r, ok := read("/v1/devices/"+s.serial, nil)
	if ok {
		c.records(s.history, deed{do: "read"}, r, func(r reply) (int, int64) {
			var from, to int
			_, _ = fmt.Sscan(s.end[:4], &from)
			_, _ = fmt.Sscan(r.ServiceEnd[:4], &to)
			return to - from, 0
		})
	}
	return ok
}

// readOrders reads the orders of the device, some of which are looked at.
func (s *orders) readOrders(c *proofClient, read reading, from, to int) bool {
	r, ok := read("/v1/renewals", url.Values{"device": {s.serial}, "limit": {"1000"}})
	if !ok {
		return false
	}
	ids := s.known()
	for order := from; order < to; order++ {
		c.records(s.history, deed{do: "state", a: order}, r, func(r reply) (int, int64) {
			i := slices.IndexFunc(r.Items, func(row replyRow) bool { return row.ID == ids[order] })
			if i < 0 {
				return noOrder, 0
			}
			return map[string]int{
				"ordered": orderWaits, "applied": orderApplied, "declined": orderDeclined, "withdrawn": orderWithdrawn,
			}[r.Items[i].State], 0
		})
	}
	return ok
}

// look reads all there is.
func (s *orders) look(c *proofClient) bool {
	if !s.readDevice(c, c.reads) || !s.readOrders(c, c.reads, 0, len(s.ids)) {
		return false
	}
	r, ok := c.reads("/v1/renewals", url.Values{"device": {s.serial}, "limit": {"1000"}})
	for number := range orderNumbers {
		c.records(s.history, deed{do: "ghost", b: number}, r, func(r reply) (int, int64) {
			ghosts := 0
			for _, row := range r.Items {
				if row.OrderNumber == numbered(number) && !slices.Contains(s.ids, row.ID) {
					ghosts++
				}
			}
			return ghosts, 0
		})
	}
	return ok
}
