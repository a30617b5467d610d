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

// DecideReverseTransfer decides the reversal of a transfer; all problems that apply. A
// reversal that was applied already is unchanged.
func DecideReverseTransfer(s State, c ReverseTransfer) ([]domain.Event, []domain.Problem) {
	if slices.Contains(s.Applied, c.ID) {
		return nil, nil
	}
	m := s.Moved
	switch {
	case !slices.Contains(s.Applied, c.Transfer):
		return nil, []domain.Problem{NotInTransfer()}
	case m == nil || m.Transfer != c.Transfer:
		return nil, []domain.Problem{changedSince(Transferred{}.EventType())}
	case m.Reversed:
		return nil, []domain.Problem{problem(CodeAlreadyReversed, "The transfer of the device was reversed before.", nil)}
	}
	problems := usable(s)
	if m.Since != "" {
		problems = append(problems, changedSince(m.Since))
	}
	if c.Source.Status == account.Closed || c.Source.Status == "" {
		problems = append(problems, problem(CodeSourceNotActive, "The account that the device came from is closed.", nil))
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return []domain.Event{TransferReversed{
		Device: s.UID, Transfer: c.Transfer, Reversal: c.ID, From: s.Account, To: m.From,
		LifeCycle: m.LifeCycle, Service: m.Service, Parked: m.Parked, Consumed: m.Consumed,
	}}, nil
}

// NotInTransfer says that a transfer did not move the device.
func NotInTransfer() domain.Problem {
	return problem(CodeNotInTransfer, "The transfer did not move this device.", nil, checkDevice)
}

func changedSince(event string) domain.Problem {
	return problem(CodeChangedSince, "More has happened to the device since the transfer than a change of name or labels.",
		map[string]string{"event": event}, transferBack)
}
