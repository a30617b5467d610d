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

// Edit gives a device a name and labels, which are normalised; what is nil stays.
type Edit struct {
	Name   *string
	Labels *[]string
}

// DecideEdit decides on the name and the labels, both or none.
func DecideEdit(s State, c Edit) (events []domain.Event, err error) {
	if c.Name != nil {
		if events, err = DecideRename(s, *c.Name); err != nil {
			return events, err
		}
	}
	if c.Labels != nil {
		var relabelled []domain.Event
		relabelled, err = DecideRelabel(s, *c.Labels)
		events = append(events, relabelled...)
	}
	return events, err
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

// DecideRetire decides the end of a device. It does not come back, and no
// longer takes a place or a name.
func DecideRetire(s State, reason string) ([]domain.Event, error) {
	return change(s, s.LifeCycle == OutOfService, Retired{Device: s.UID, Reason: reason})
}

// DecideHold keeps other commands off a device, or off a serial number that is
// to be registered (s is then a State with the UID alone), for an
// all-or-nothing batch. What the batch appends ends the hold.
func DecideHold(s State, batch uuid.UUID) ([]domain.Event, error) {
	if s.HeldBy == batch {
		return nil, nil
	}
	if problems := usable(s); len(problems) > 0 {
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
