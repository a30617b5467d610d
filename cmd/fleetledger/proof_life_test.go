package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// lifeNames is how many names a device is given in turn.
const lifeNames = 4

// lifeState is a device.
type lifeState struct {
	at        int8 // atReseller, atCustomer; nowhere: it was never registered
	suspended bool
	retired   bool
	name      int8  // 0: its serial number
	rev       int64 // the last that is known
	exact     bool  // it is that; else what nobody was told of may have come after it
}

// apply is what a deed makes of a device, and whether it may be done.
func (s lifeState) apply(d deed) (lifeState, bool) {
	before := s
	switch d.do {
	case "register":
		if s.at == nowhere {
			s = lifeState{at: int8(d.b), rev: s.rev, exact: s.exact}
		}
		return s, s.at == int8(d.b) && !before.retired
	case "transfer":
		s.at, s.suspended = int8(d.b), false
		return s, before.at == int8(atReseller+atCustomer-d.b) && !before.retired
	case "rename":
		s.name = int8(d.b)
	case "suspend":
		s.suspended = true
		return s, s.at != nowhere && !s.retired
	case "resume":
		s.suspended = false
		return s, s.at != nowhere && !s.retired
	case "retire":
		s.retired, s.suspended = true, false
		return s, s.at != nowhere
	case "reinstate":
		if s.retired {
			s.retired, s.suspended = false, false
		}
		return s, s.at != nowhere
	}
	return s, s.at != nowhere && (s == before || !s.retired)
}

// revised tells whether a revision can be that of the device after a deed that has
// changed it, or has not.
func (s lifeState) revised(rev int64, changed bool, slack int) bool {
	least := s.rev
	if changed {
		least++
	}
	return rev == least || rev > least && (!s.exact || slack > 0)
}

// lifeRules: what may be done to a device in which state, what it makes of it, and
// that a revision names one state.
var lifeRules = rules[lifeState]{
	step: func(s lifeState, d deed, o said) (lifeState, bool) {
		if d.do == "read" {
			return s.read(o)
		}
		next, may := s.apply(d)
		switch {
		case o.only("revision_mismatch"):
			return s, d.match != s.rev || !s.exact || o.slack > 0
		case o.refused():
			return s, lifeRefused(s, d, o)
		case d.match > 0 && (d.match < s.rev || d.match > s.rev && s.exact && o.slack == 0):
			return s, false
		}
		changed := next != s
		if s.at == nowhere {
			may = may && d.do == "register"
			next.rev, next.exact = o.rev, true
			return next, may
		}
		if o.rev > 0 {
			may = may && s.revised(o.rev, changed, o.slack)
			next.rev, next.exact = o.rev, true
		} else if changed {
			next.rev, next.exact = s.rev+1, false
		}
		return next, may
	},
	effect: func(s lifeState, d deed) lifeState {
		next, may := s.apply(d)
		if !may || next == s || d.match > 0 && (d.match < s.rev || d.match > s.rev && s.exact) {
			return s
		}
		next.rev, next.exact = s.rev+1, false
		return next
	},
	claims: func(disturbed, _ deed) bool { return disturbed.do != "read" },
}

// read is what a read makes known.
func (s lifeState) read(o said) (lifeState, bool) {
	if o.refused() {
		return s, o.only("not_found") && s.at == nowhere
	}
	seen := lifeSeen(o.value)
	seen.rev, seen.exact = s.rev, s.exact
	if seen != s || s.at == nowhere || !s.revised(o.rev, false, o.slack) {
		return s, false
	}
	s.rev, s.exact = o.rev, true
	return s, true
}

// lifeSeen is a device as the value of a read packs it.
func lifeSeen(value int) lifeState {
	return lifeState{at: int8(value % 3), suspended: value/3%2 == 1, retired: value/6%2 == 1, name: int8(value / 12)}
}

func (s lifeState) packed() int {
	n := int(s.at) + 12*int(s.name)
	if s.suspended {
		n += 3
	}
	if s.retired {
		n += 6
	}
	return n
}

// lifeRefused tells whether all is true that a refusal says.
func lifeRefused(s lifeState, d deed, o said) bool {
	for code := range strings.FieldsSeq(o.codes) {
		right := false
		switch code {
		case "device_busy":
			right = true
		case "not_found", "device_not_found":
			right = s.at == nowhere
		case "not_in_source":
			right = s.at != nowhere && int(s.at) == d.b
		case "device_retired":
			right = s.retired
		case "registered_elsewhere":
			right = s.at != nowhere && int(s.at) != d.b
		}
		if !right {
			return false
		}
	}
	return true
}

// life is one device of a history.
type life struct {
	*history
	*pair
	n int

	mu   sync.Mutex
	tags []tagged // the latest that were given out
}

// tagged is a revision and its ETag.
type tagged struct {
	tag string
	rev int64
}

func newLife(c *proofClient) (subject, bool) {
	n := c.number()
	accounts, ok := newPair(c, n)
	return &life{history: c.begins(fmt.Sprintf("life %d", n), lifeRules.model()), pair: accounts, n: n * 100}, ok
}

func (s *life) full() bool { return false }

// told keeps the ETag of an answer, and gives the revision, counted from 1.
func (s *life) told(r reply) (value int, revision int64) {
	revision = r.Revision + 1
	if len(r.Results) == 1 {
		return 0, r.Results[0].Device.Revision + 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tags = append(s.tags, tagged{r.header.Get("ETag"), revision})
	s.tags = s.tags[max(0, len(s.tags)-3):]
	return 0, revision
}

// match is one of the latest ETags.
func (s *life) match(c *proofClient) tagged {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tags) == 0 || c.random.IntN(4) == 0 {
		return tagged{}
	}
	return s.tags[len(s.tags)-1-c.random.IntN(len(s.tags))]
}

func (s *life) act(c *proofClient) {
	path, to, m := "/v1/devices/"+serialOf(s.n), atReseller+c.random.IntN(2), tagged{}
	what := []string{
		"register", "transfer", "transfer", "rename", "rename", "rename", "rename", "suspend", "resume", "retire", "reinstate", "reinstate", "read", "read", "read",
	}[c.random.IntN(15)]
	d := deed{do: what}
	if entries, _ := s.counts(); entries < 3 {
		d.do = "register"
	}
	switch d.do {
	case "register":
		d.b = to
		c.does(s.history, d, registering(router(s.n, s.account(to))), s.told)
	case "transfer":
		d.b = to
		c.does(s.history, d, s.transferring(s.n, to), s.told)
	case "rename":
		m = s.match(c)
		d.b, d.match = 1+c.random.IntN(lifeNames-1), m.rev
		c.does(s.history, d, asked{method: http.MethodPatch, path: path, body: map[string]string{"name": fmt.Sprintf("router %d", d.b)}, match: m.tag}, s.told)
	case "read":
		if r, ok := c.read(path, nil); ok {
			c.records(s.history, d, r, s.shown)
		}
	default:
		if c.random.IntN(3) == 0 {
			m = s.match(c)
		}
		d.match = m.rev
		c.does(s.history, d, asked{method: http.MethodPost, path: path + ":" + d.do, match: m.tag}, s.told)
	}
}

// shown is the device as it was read.
func (s *life) shown(r reply) (value int, revision int64) {
	_, revision = s.told(r)
	seen := lifeState{at: atCustomer, suspended: r.LifeCycleState == "suspended", retired: r.LifeCycleState == "retired"}
	if r.Account.UID == s.reseller {
		seen.at = atReseller
	}
	if _, err := fmt.Sscanf(r.Name, "router %d", &seen.name); err != nil {
		seen.name = 0
	}
	return seen.packed(), revision
}

// look reads all there is.
func (s *life) look(c *proofClient) bool {
	r, ok := c.reads("/v1/devices/"+serialOf(s.n), nil)
	if ok {
		c.records(s.history, deed{do: "read"}, r, s.shown)
	}
	return ok
}
