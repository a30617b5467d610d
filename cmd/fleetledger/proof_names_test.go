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

// How many accounts compete for how many names. An account that is opened while it is
// unknown which one it is, is a ghost.
const (
	proofNames    = 4
	proofAccounts = 16
)

// namesState is which account has which name of a few.
type namesState struct {
	name  [proofAccounts]int8 // 1 and more: the name it has; 0: it does not exist; -1: it is closed
	ghost [proofNames + 1]bool
}

func (s namesState) taken(name int) bool {
	return s.ghost[name] || slices.Contains(s.name[:], int8(name))
}

func (s namesState) with(account, name int) namesState {
	s.name[account] = int8(name)
	return s
}

// namesRules: a name has one account of the platform at most. Opening takes it,
// renaming moves on to another, closing an account that nobody has activated frees it.
var namesRules = rules[namesState]{
	step: func(s namesState, d deed, o said) (namesState, bool) {
		switch {
		case o.has("account_closed"):
			return s, s.name[d.a] == -1
		case o.only("name_taken"):
			own := d.do == "rename" && s.name[d.a] == int8(d.b)
			return s, !own && s.taken(d.b) || o.slack > 0
		case o.refused():
			return s, false
		}
		switch d.do {
		case "open":
			return s.with(o.value, d.b), !s.taken(d.b)
		case "rename":
			own := s.name[d.a] == int8(d.b)
			return s.with(d.a, d.b), own || s.name[d.a] > 0 && !s.taken(d.b)
		case "close":
			return s.with(d.a, -1), s.name[d.a] != 0
		case "read":
			return s, s.name[d.a] == int8(o.value)
		case "who": // has the name, in the list of all accounts
			return s, o.value == someGhost && s.ghost[d.b] || o.value >= 0 && s.name[o.value] == int8(d.b) || o.value == nobody && !s.taken(d.b)
		}
		return s, false
	},
	effect: func(s namesState, d deed) namesState {
		switch {
		case d.do == "open" && !s.taken(d.b):
			s.ghost[d.b] = true
		case d.do == "rename" && s.name[d.a] > 0 && !s.taken(d.b):
			return s.with(d.a, d.b)
		case d.do == "close" && s.name[d.a] > 0:
			return s.with(d.a, -1)
		}
		return s
	},
	// Whoever is renamed or closed may leave the name of before, whichever that is.
	claims: func(disturbed, other deed) bool { return disturbed.do != "open" || disturbed.b == other.b },
}

// What "who" tells besides accounts.
const (
	nobody    = -1
	someGhost = -2
	several   = -3
)

// names are accounts of a history that compete for names.
type names struct {
	*history
	tag string

	mu       sync.Mutex
	accounts []uuid.UUID
}

func newNames(c *proofClient) (subject, bool) {
	n := c.number()
	return &names{history: c.begins(fmt.Sprintf("names %d", n), namesRules.model()), tag: fmt.Sprintf("company%dx", n)}, true
}

func (s *names) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.accounts) >= proofAccounts-3
}

// spelled is a name in one of the ways that are the same name.
func (s *names) spelled(c *proofClient, name int) string {
	text := fmt.Sprintf("%s  radio %d", s.tag, name)
	if c.random.IntN(2) == 0 {
		return strings.ToUpper(text)
	}
	return text
}

// named is the number of a name, however it is spelled; 0 is none of them.
func (s *names) named(text string) int {
	for name := 1; name <= proofNames; name++ {
		if strings.EqualFold(strings.Join(strings.Fields(text), " "), fmt.Sprintf("%s radio %d", s.tag, name)) {
			return name
		}
	}
	return 0
}

func (s *names) act(c *proofClient) {
	s.mu.Lock()
	known := len(s.accounts)
	s.mu.Unlock()
	name := 1 + c.random.IntN(proofNames)
	what := c.random.IntN(10)
	if known == 0 {
		what = 0
	}
	if what < 3 {
		if known < proofAccounts-1 {
			s.open(c, name)
		}
		return
	}
	account := known - 1 - c.random.IntN(min(known, 5)) // those before are mostly closed
	s.mu.Lock()
	path := "/v1/accounts/" + s.accounts[account].String()
	s.mu.Unlock()
	switch {
	case what < 6:
		c.does(s.history, deed{do: "rename", a: account, b: name},
			asked{method: http.MethodPatch, path: path, body: map[string]any{"name": s.spelled(c, name)}}, nothing)
	case what < 8:
		c.does(s.history, deed{do: "close", a: account}, asked{method: http.MethodPost, path: path + ":close", body: map[string]any{"confirm": true}}, nothing)
	default:
		if r, ok := c.read(path, nil); ok {
			c.records(s.history, deed{do: "read", a: account}, r, s.shown)
		}
	}
}

func (s *names) open(c *proofClient, name int) {
	body := map[string]any{
		"name": s.spelled(c, name), "type": "standard", "administrator": map[string]string{"email": fmt.Sprintf("%s@x.example", uuid.New())},
	}
	c.does(s.history, deed{do: "open", b: name}, asked{method: http.MethodPost, path: "/v1/accounts", body: body}, func(r reply) (int, int64) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.accounts = append(s.accounts, r.UID)
		return len(s.accounts) - 1, 0
	})
}

func (s *names) shown(r reply) (int, int64) {
	if r.Status == "closed" {
		return -1, 0
	}
	return s.named(r.Name), 0
}

// look reads all there is.
func (s *names) look(c *proofClient) bool {
	for account, uid := range s.accounts {
		r, ok := c.reads("/v1/accounts/"+uid.String(), nil)
		if !ok {
			return false
		}
		c.records(s.history, deed{do: "read", a: account}, r, s.shown)
	}
	all, ok := c.reads("/v1/accounts", url.Values{"search": {s.tag}, "limit": {"1000"}, "status": {"pending", "active", "expired"}})
	if !ok {
		return false
	}
	for name := 1; name <= proofNames; name++ {
		c.records(s.history, deed{do: "who", b: name}, all, func(r reply) (int, int64) { return s.who(r, name), 0 })
	}
	return true
}

// who has a name.
func (s *names) who(r reply, name int) int {
	holder := nobody
	for _, row := range r.Items {
		switch {
		case s.named(row.Name) != name:
		case holder != nobody:
			return several
		default:
			if holder = slices.Index(s.accounts, row.UID); holder < 0 {
				holder = someGhost
			}
		}
	}
	return holder
}
