package personkeys

import (
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/ports"
)

// cache remembers keys for a short time, at most size of them.
type cache struct {
	size int
	keep time.Duration

	mu      sync.Mutex
	keys    map[uuid.UUID]remembered
	erasure uint64 // counts them
}

type remembered struct {
	key   ports.PersonKey
	until time.Time
}

func newCache(size int, keep time.Duration) *cache {
	return &cache{size: size, keep: keep, keys: map[uuid.UUID]remembered{}}
}

// begin marks the start of a search whose result is to be put. An erasure since
// then may have made it out of date.
func (c *cache) begin() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.erasure
}

func (c *cache) get(person uuid.UUID) (ports.PersonKey, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.keys[person]
	if !ok || !time.Now().Before(r.until) {
		return ports.PersonKey{}, false
	}
	return r.key, true
}

func (c *cache) put(begun uint64, person uuid.UUID, key ports.PersonKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if begun != c.erasure {
		return
	}
	now := time.Now()
	if len(c.keys) >= c.size {
		maps.DeleteFunc(c.keys, func(_ uuid.UUID, r remembered) bool { return !now.Before(r.until) })
	}
	if len(c.keys) >= c.size {
		clear(c.keys)
	}
	c.keys[person] = remembered{key: key, until: now.Add(c.keep)}
}

func (c *cache) forget(person uuid.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.erasure++
	delete(c.keys, person)
}
