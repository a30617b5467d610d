package devices

import (
	"context"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// Action is what ChangeMany does to each of its devices.
type Action string

// The actions.
const (
	Relabel       Action = "relabel"
	SuspendEach   Action = "suspend"
	ResumeEach    Action = "resume"
	RetireEach    Action = "retire"
	ReinstateEach Action = "reinstate"
)

// Codes of refusals of a change as a whole. They are part of the interface and never
// change.
const (
	CodeActionUnknown    = "action_unknown"
	CodeLabelsNotAllowed = "labels_not_allowed"
)

// ChangeMany does one thing to many devices, named by uid or serial number. Labels are
// for Relabel alone.
type ChangeMany struct {
	command.Command
	Action  Action
	Devices []string
	Labels  device.Labels
	Atomic  bool
}

// Right is the one that the change needs in the account of each device.
func (c ChangeMany) Right() rights.Right {
	if c.Action == RetireEach || c.Action == ReinstateEach {
		return rights.DevicesRetire
	}
	return rights.DevicesEdit
}

// ChangeMany does one thing to devices of any accounts that the caller sees; others are
// refused with device_not_found, and without the right in the account that has it a
// device is refused with missing_right. Each is decided as by Edit, Suspend, Resume,
// Retire and Reinstate.
func (s *Service) ChangeMany(ctx context.Context, caller access.Caller, c ChangeMany) (command.BulkResult, error) {
	req := s.access.Request(caller)
	if err := req.MayWrite(ctx, c.Right()); err != nil {
		return command.BulkResult{}, err
	}
	c, err := c.Normalise()
	if err != nil {
		return command.BulkResult{}, err
	}
	selected, err := req.Select(ctx, c.Devices)
	if err != nil {
		return command.BulkResult{}, err
	}
	b := command.Bulk{Success: domain.OutcomeChanged, DryRun: c.DryRun, Atomic: c.Atomic, Visible: selected.Sees}
	seen := command.Duplicates{}
	for _, name := range c.Devices {
		b.Items = append(b.Items, c.item(name, selected, seen))
	}
	return b.Run(ctx, s.executor.Begin(caller.Actor, c.Command))
}

// Normalise refuses what is wrong with a change as a whole, and normalises its
// labels.
func (c ChangeMany) Normalise() (ChangeMany, error) {
	problems := c.Problems()
	if len(c.Devices) == 0 {
		problems = append(problems, domain.At("/devices", []domain.Problem{device.SelectionEmpty()})...)
	}
	given := c.Labels.Set != nil || len(c.Labels.Add)+len(c.Labels.Remove) > 0
	switch c.Action {
	case Relabel:
		var p []domain.Problem
		c.Labels, p = normalised(c.Labels)
		problems = append(problems, p...)
	case SuspendEach, ResumeEach, RetireEach, ReinstateEach:
		if given {
			problems = append(problems, domain.Problem{Code: CodeLabelsNotAllowed, Pointer: "/labels", Detail: "Only relabel takes labels."})
		}
	default:
		problems = append(problems, domain.Problem{
			Code: CodeActionUnknown, Pointer: "/action", Detail: "The action is one of relabel, suspend, resume, retire and reinstate.",
		})
	}
	return c, domain.Refuse(problems...)
}

func normalised(l device.Labels) (device.Labels, []domain.Problem) {
	var problems []domain.Problem
	read := func(pointer string, labels []string) []string {
		kept, p := device.NormaliseLabels(labels)
		problems = append(problems, domain.At(pointer, p)...)
		return kept
	}
	l.Add, l.Remove = read("/labels/add", l.Add), read("/labels/remove", l.Remove)
	if l.Set != nil {
		l.Set = new(read("/labels/set", *l.Set))
	}
	if len(problems) == 0 {
		problems = domain.At("/labels", device.CheckLabels(l))
	}
	return l, problems
}

// item is one device of a change: once, and only as far as the caller sees it.
func (c ChangeMany) item(name string, selected access.Selection, seen command.Duplicates) command.Item {
	item := command.Item{Name: name}
	uid, ok := device.Named(name)
	if !ok {
		item.Problems = []domain.Problem{device.NotFound()}
		return item
	}
	item.Problems, item.Device = seen.Check(uid), selected.Device(uid)
	if c.Action == ReinstateEach {
		item.Order = []string{"names and places"} // whoever comes first gets them
	}
	item.Decide = func(s device.State) ([]domain.Event, error) {
		set, known := selected.In(s.Account)
		switch {
		case !s.Exists() || !selected.Caller.ActsFor(s.Account):
			return nil, domain.Refuse(device.NotFound())
		case !known: // it has moved since the request began
			return nil, domain.Refuse(device.Busy())
		case !set.Has(rights.DevicesRead):
			return nil, domain.Refuse(device.NotFound())
		case !set.Has(c.Right()):
			return nil, domain.Refuse(device.MissingRight(string(c.Right()), s.Account))
		}
		return c.decide(s)
	}
	return item
}

func (c ChangeMany) decide(s device.State) ([]domain.Event, error) {
	switch c.Action {
	case SuspendEach:
		return device.DecideSuspend(s, c.Reason)
	case ResumeEach:
		return device.DecideResume(s, c.Reason)
	case RetireEach:
		return device.DecideRetire(s, c.Reason)
	case ReinstateEach:
		return device.DecideReinstate(s, device.Reinstate{Reason: c.Reason})
	}
	return device.DecideChangeLabels(s, c.Labels)
}
