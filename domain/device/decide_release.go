package device

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// Release lets another account have the device. Owner is the account that
// grants it. ByItself: it did not answer, see State.ReleasedByItself.
type Release struct {
	Request   uuid.UUID
	Owner, To uuid.UUID
	ByItself  bool
}

// DecideRelease decides a release, also of a retired device. A device that is
// the other account's already is unchanged, and so is one that the request was
// granted for before: it lets the device go once. What is granted by itself
// holds for a retired device only.
func DecideRelease(s State, c Release) ([]domain.Event, error) {
	switch {
	case s.Exists() && (s.Account == c.To || slices.Contains(s.Releases, c.Request)):
		return nil, nil
	case !s.Exists() || s.Account != c.Owner:
		return nil, domain.Refuse(notInSource("The device is no longer in the account."))
	case c.ByItself && s.LifeCycle != OutOfService:
		return nil, domain.Refuse(append(free(s), problem(CodeNotRetired, "The device is in service; its account has to release it.", nil, requestRelease))...)
	}
	return []domain.Event{OwnershipReleased{Device: s.UID, Request: c.Request, To: c.To}}, domain.Refuse(free(s)...)
}

// ReleasedByItself reports whether an open request to release the device is
// granted without an answer of its account: the device has been retired, and the
// request open, for Rules.RetiredRelease. since is the later of the two.
func (s State) ReleasedByItself(since, now time.Time, r Rules) bool {
	return s.Exists() && s.LifeCycle == OutOfService && !now.Before(since.Add(r.RetiredRelease))
}
