package device

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// ReverseTransfer takes a transfer of a device back. ID is one for all devices of a
// request. Source is the account the device came from and returns to.
type ReverseTransfer struct {
	ID       uuid.UUID
	Transfer uuid.UUID
	Source   Owner
}

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
	problems := usable(s)
	if m.Since != "" {
		problems = append(problems, changedSince(m.Since))
	}
	if c.Source.Status == account.Closed || c.Source.Status == "" {
		problems = append(problems, sourceClosed())
	}
	if s.LifeCycle == OutOfService {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{TransferReversed{
		Device: s.UID, Transfer: c.Transfer, Reversal: c.ID, From: s.Account, To: m.From,
		LifeCycle: m.LifeCycle, Service: m.Service, Parked: m.Parked, Consumed: m.Consumed,
	}}, domain.Refuse(problems...)
}
