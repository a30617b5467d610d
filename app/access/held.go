package access

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain/rights"
)

// maxHeld is how many accounts are noted. Whoever used rights in more of them is taken
// for one who may have lost some.
const maxHeld = 200

// Held notes which rights a request's caller had, in which accounts it was looked at. It
// is safe for concurrent use.
type Held struct {
	mu       sync.Mutex
	accounts map[uuid.UUID]rights.Set
}

// Noting is the caller whose rights are noted from now on: those in its own account,
// and wherever it is looked at what it may do.
func (c Caller) Noting(h *Held) Caller {
	c.held = h
	h.note(c.Own(), c.InOwn())
	return c
}

func (h *Held) note(account uuid.UUID, set rights.Set) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.accounts == nil {
		h.accounts = map[uuid.UUID]rights.Set{}
	}
	if len(h.accounts) <= maxHeld {
		h.accounts[account] = set
	}
}

// Marshal is what was noted, for StillHolds: the accounts by the rights held in them.
func (h *Held) Marshal() ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[string][]uuid.UUID{}
	for account, set := range h.accounts {
		names := make([]string, len(set))
		for i, r := range set {
			names[i] = string(r)
		}
		key := strings.Join(names, " ")
		all[key] = append(all[key], account)
	}
	return json.Marshal(all)
}

// StillHolds reports whether a caller has all rights now that a request's caller had,
// as Marshal has told.
func (c *Control) StillHolds(ctx context.Context, caller Caller, noted []byte) (bool, error) {
	var all map[string][]uuid.UUID
	if err := json.Unmarshal(noted, &all); err != nil {
		return false, fmt.Errorf("the rights that were held: %w", err)
	}
	request, looked := c.Request(caller), 0
	for names, accounts := range all {
		for _, account := range accounts {
			if looked++; looked > maxHeld {
				return false, nil
			}
			set, err := request.In(ctx, account)
			if err != nil {
				return false, err
			}
			for name := range strings.FieldsSeq(names) {
				if !set.Has(rights.Right(name)) {
					return false, nil
				}
			}
		}
	}
	return true, nil
}
