package device

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// ReverseTransfer takes a transfer of a device back. ID is one for all devices of a
// request. Source is the account the device came from and returns to. By is the
// caller, see UndoRights: for it the device leaves where the transfer took it,
// and Target is Source.
type ReverseTransfer struct {
	ID       uuid.UUID
	Transfer uuid.UUID
	Source   Owner
	Made     Made
	By       Mover
	Now      time.Time
	Rules    Rules
}

// Made says who made a transfer, and when.
type Made struct {
	By domain.Actor
	At time.Time
}

// inTime reports whether the transfer was made less than Rules.Undo ago.
func (c ReverseTransfer) inTime() bool { return c.Now.Before(c.Made.At.Add(c.Rules.Undo)) }

// DecideReverseTransfer decides the reversal of a transfer; all problems that
// apply. A reversal that was applied already is unchanged. There are events
// beside a refusal wherever the device is still where the transfer took it.
func DecideReverseTransfer(s State, c ReverseTransfer) ([]domain.Event, error) {
	if slices.Contains(s.Applied, c.ID) {
		return nil, nil
	}
	m := s.Moved
	switch {
	case !slices.Contains(s.Applied, c.Transfer):
		return nil, domain.Refuse(NotInTransfer())
	case m == nil || m.Transfer != c.Transfer:
		return nil, domain.Refuse(changedSince(Transferred{}.EventType()))
	case m.Reversed:
		return nil, domain.Refuse(alreadyReversed())
	}
	problems := slices.Concat(UndoRights(s, c), usable(s), s.simInto(c.Source))
	if m.Since != "" {
		problems = append(problems, changedSince(m.Since))
	}
	if c.Source.Status == account.Closed || c.Source.Status == "" {
		problems = append(problems, sourceClosed())
	}
	if s.LifeCycle == OutOfService {
		return nil, domain.Refuse(problems...)
	}
	e := TransferReversed{
		Device: s.UID, Transfer: c.Transfer, Reversal: c.ID, From: s.Account, To: m.From,
		LifeCycle: m.LifeCycle, Service: m.Service, Parked: m.Parked, Consumed: m.Consumed,
	}
	if s.Consumed && !m.Consumed && !c.inTime() { // what was used of the included term does not come back
		e.Consumed, e.Parked = true, new(s.Allocation())
	}
	return []domain.Event{e}, domain.Refuse(problems...)
}
