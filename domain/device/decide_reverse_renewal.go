package device

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// ReverseRenewal takes a renewal order back. ID is one for all devices of a request.
type ReverseRenewal struct {
	ID      uuid.UUID
	Renewal uuid.UUID
}

// DecideReverseRenewal decides a reversal: of the latest order or grant that counts,
// in the account in which it was applied. An offer that came with the order goes
// with it, unless it has been changed again. A reversal that was applied already
// is unchanged.
func DecideReverseRenewal(s State, c ReverseRenewal) ([]domain.Event, error) {
	if !s.Exists() {
		return nil, domain.Refuse(NotFound())
	}
	if slices.Contains(s.Applied, c.ID) {
		return nil, nil
	}
	facts := map[string]string{"renewal": c.Renewal.String()}
	if slices.Contains(s.Reversed, c.Renewal) {
		return nil, domain.Refuse(problem(CodeRenewalReversed, "The renewal was already reversed.", facts))
	}
	i := slices.IndexFunc(s.Orders, func(o Order) bool { return o.ID == c.Renewal && !o.Grant })
	if i < 0 {
		return nil, domain.Refuse(problem(CodeRenewalNotApplied, "The renewal was not applied to the device.", facts))
	}
	o := s.Orders[i]
	problems := usable(s)
	if o.Transferred {
		problems = append(problems, problem(CodeTransferredSince, "The device has been transferred since it was renewed.", facts))
	}
	if latest := s.Orders[len(s.Orders)-1]; latest.ID != o.ID {
		facts["latest"] = latest.ID.String()
		problems = append(problems, problem(CodeRenewalNotLatest, "The device's term has been changed again since. Reverse that change first.", facts))
	}
	if len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	e := RenewalReversed{
		Device: s.UID, Reversal: c.ID, Renewal: c.Renewal, OldEnd: s.end(o.Parked), Restored: o.Before, Parked: o.Parked,
	}
	if o.Before != nil {
		e.NewEnd = o.Before.Until
	}
	events := []domain.Event{e}
	if o.OldOffer != "" && s.Service.Offer == o.NewOffer {
		events = append(events, s.onOffer(o.OldOffer, c.Renewal))
	}
	return events, nil
}
