package device

import (
	"slices"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// usable is what stands against any change of a device: it is retired, or an
// all-or-nothing batch holds it. What the batch itself appends was decided
// before it held the device.
func usable(s State) []domain.Problem {
	var problems []domain.Problem
	if s.HeldBy != uuid.Nil {
		problems = append(problems, Busy())
	}
	if s.LifeCycle == OutOfService {
		problems = append(problems, retired())
	}
	return problems
}

// change gives e for a device that exists, is usable and is not yet as wanted.
func change(s State, done bool, e domain.Event) ([]domain.Event, []domain.Problem) {
	if !s.Exists() {
		return nil, []domain.Problem{NotFound()}
	}
	if done {
		return nil, nil
	}
	if problems := usable(s); len(problems) > 0 {
		return nil, problems
	}
	return []domain.Event{e}, nil
}

// DecideRename decides a new name, normalised and free in the account.
func DecideRename(s State, newName string) ([]domain.Event, []domain.Problem) {
	if newName == "" {
		return nil, invalid(CodeNameInvalid, "The name is empty.")
	}
	return change(s, s.Name == newName, Renamed{Device: s.UID, OldName: s.Name, NewName: newName})
}

// DecideRelabel decides new labels, normalised, in place of all present ones.
func DecideRelabel(s State, labels []string) ([]domain.Event, []domain.Problem) {
	return change(s, slices.Equal(s.Labels, labels), Relabelled{Device: s.UID, OldLabels: s.Labels, NewLabels: labels})
}

// DecideSuspend decides a suspension. Services go on and their term runs.
func DecideSuspend(s State, reason string) ([]domain.Event, []domain.Problem) {
	if s.LifeCycle == Inventory {
		return nil, invalid(CodeNotActive, "The device is not active.")
	}
	return change(s, s.LifeCycle == InSuspension, Suspended{Device: s.UID, Reason: reason})
}

// DecideResume decides the end of a suspension.
func DecideResume(s State, reason string) ([]domain.Event, []domain.Problem) {
	if s.LifeCycle == Inventory {
		return nil, invalid(CodeNotActive, "The device is not active.")
	}
	return change(s, s.LifeCycle == Active, Resumed{Device: s.UID, Reason: reason})
}

// DecideRetire decides the end of a device. It does not come back, and no
// longer takes a place or a name.
func DecideRetire(s State, reason string) ([]domain.Event, []domain.Problem) {
	return change(s, s.LifeCycle == OutOfService, Retired{Device: s.UID, Reason: reason})
}

// DecideHold keeps other commands off a device, or off a serial number that is
// to be registered (s is then a State with the UID alone), for an
// all-or-nothing batch. What the batch appends ends the hold.
func DecideHold(s State, batch uuid.UUID) ([]domain.Event, []domain.Problem) {
	if s.HeldBy == batch {
		return nil, nil
	}
	if problems := usable(s); len(problems) > 0 {
		return nil, problems
	}
	return []domain.Event{Held{Device: s.UID, Batch: batch}}, nil
}

// DecideReleaseHold ends the hold of a batch that changes nothing; there is
// nothing to do when the batch does not hold the device.
func DecideReleaseHold(s State, batch uuid.UUID) ([]domain.Event, []domain.Problem) {
	if batch == uuid.Nil || s.HeldBy != batch {
		return nil, nil
	}
	return []domain.Event{HoldReleased{Device: s.UID, Batch: batch}}, nil
}
