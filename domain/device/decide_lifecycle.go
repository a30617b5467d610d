package device

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// change gives e for a device that exists, is usable and is not yet as wanted.
// For one that is not usable e stands beside the refusal.
func change(s State, done bool, e domain.Event) ([]domain.Event, error) {
	if !s.Exists() {
		return nil, domain.Refuse(NotFound())
	}
	if done {
		return nil, nil
	}
	return []domain.Event{e}, domain.Refuse(usable(s)...)
}

// Edit gives a device a name, labels, a SIM and an offer; names, labels and the
// ICCID are normalised. What is nil stays; an empty ICCID takes the SIM away.
type Edit struct {
	Name   *string
	Labels *[]string
	ICCID  *string
	Offer  *ChangeOffer
}

// DecideEdit decides on all of it together, all or nothing, with all problems
// that apply.
func DecideEdit(s State, c Edit) ([]domain.Event, error) {
	var events []domain.Event
	var problems []domain.Problem
	add := func(decided []domain.Event, err error) {
		events = append(events, decided...)
		for _, p := range domain.ProblemsOf(err) {
			if !slices.ContainsFunc(problems, func(known domain.Problem) bool { return known.Code == p.Code }) {
				problems = append(problems, p)
			}
		}
	}
	if c.Name != nil {
		add(DecideRename(s, *c.Name))
	}
	if c.Labels != nil {
		add(DecideRelabel(s, *c.Labels))
	}
	if c.ICCID != nil {
		add(DecideSIM(s, *c.ICCID))
	}
	if c.Offer != nil {
		add(DecideChangeOffer(s, *c.Offer))
	}
	return events, domain.Refuse(problems...)
}

// DecideRename decides a new name, normalised and free in the account. There are
// events beside a refusal.
func DecideRename(s State, newName string) ([]domain.Event, error) {
	if newName == "" {
		return nil, domain.Refuse(invalid(CodeNameInvalid, "The name is empty.")...)
	}
	return change(s, s.Name == newName, Renamed{Device: s.UID, OldName: s.Name, NewName: newName})
}

// DecideRelabel decides new labels, normalised, in place of all present ones.
func DecideRelabel(s State, labels []string) ([]domain.Event, error) {
	return change(s, slices.Equal(s.Labels, labels), Relabelled{Device: s.UID, OldLabels: s.Labels, NewLabels: labels})
}

// DecideSuspend decides a suspension. Services go on and their term runs.
func DecideSuspend(s State, reason string) ([]domain.Event, error) {
	if s.LifeCycle == Inventory {
		return nil, domain.Refuse(invalid(CodeNotActive, "The device is not active.")...)
	}
	return change(s, s.LifeCycle == InSuspension, Suspended{Device: s.UID, Reason: reason})
}

// DecideResume decides the end of a suspension.
func DecideResume(s State, reason string) ([]domain.Event, error) {
	if s.LifeCycle == Inventory {
		return nil, domain.Refuse(invalid(CodeNotActive, "The device is not active.")...)
	}
	return change(s, s.LifeCycle == Active, Resumed{Device: s.UID, Reason: reason})
}

// DecideRetire decides that a device goes out of service. It no longer takes a
// place or a name; DecideReinstate takes it back.
func DecideRetire(s State, reason string) ([]domain.Event, error) {
	return change(s, s.LifeCycle == OutOfService, Retired{Device: s.UID, Reason: reason})
}

// Reinstate takes a retired device back into service. Name, normalised, is its
// name from now on; empty keeps the old one.
type Reinstate struct {
	Name   string
	Reason string
}

// DecideReinstate decides that a device retired by mistake comes back, in the
// account that has it; there its name must be free, and a place when it is a
// reseller's (Aggregate.Reservations). A device that is not retired is
// unchanged. Where another account has registered the device meanwhile, it is
// in that one's hands. There are events beside a refusal.
func DecideReinstate(s State, c Reinstate) ([]domain.Event, error) {
	switch {
	case !s.Exists():
		return nil, domain.Refuse(NotFound())
	case s.LifeCycle != OutOfService:
		return nil, nil
	case c.Name == "":
		c.Name = s.Name
	}
	return []domain.Event{Reinstated{Device: s.UID, Name: c.Name, Reason: c.Reason}}, domain.Refuse(free(s)...)
}

// DecideHold keeps other commands off a device, or off a serial number that is
// to be registered (s is then a State with the UID alone), for an
// all-or-nothing batch. What the batch appends ends the hold. A retired device
// can be held, too: a batch may reinstate it, or register it in another account.
func DecideHold(s State, batch uuid.UUID) ([]domain.Event, error) {
	if s.HeldBy == batch {
		return nil, nil
	}
	if problems := free(s); len(problems) > 0 {
		return nil, domain.Refuse(problems...)
	}
	return []domain.Event{Held{Device: s.UID, Batch: batch}}, nil
}

// DecideReleaseHold ends the hold of a batch that changes nothing; there is
// nothing to do when the batch does not hold the device. It never refuses.
func DecideReleaseHold(s State, batch uuid.UUID) ([]domain.Event, error) {
	if batch == uuid.Nil || s.HeldBy != batch {
		return nil, nil
	}
	return []domain.Event{HoldReleased{Device: s.UID, Batch: batch}}, nil
}
