package reservation

import (
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// Claim decides whether there is room for claim.Holder. ok is false when
// others hold all of it. The event is to be appended at revision s.Next.
func Claim(s State, key Key, claim Reserved) (events []domain.Event, ok bool) {
	if _, mine := s.Holders[claim.Holder]; !mine && len(s.Holders) >= key.Capacity {
		return nil, false
	}
	if key.Kind == Places {
		claim.Holders = told(s.claimed(claim.Holder, s.Next))
	}
	return []domain.Event{claim}, true
}

// Release decides the release of holder's place; no event when it has none.
func Release(s State, kind Kind, holder uuid.UUID) []domain.Event {
	if _, mine := s.Holders[holder]; !mine {
		return nil
	}
	e := Released{Kind: kind, Holder: holder}
	if kind == Places {
		e.Holders = told(s.released(holder))
	}
	return []domain.Event{e}
}
