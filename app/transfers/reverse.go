package transfers

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// Reverse takes a transfer back: of the named devices, or of all that it has
// moved. A reason is required.
type Reverse struct {
	command.Command
	Transfer uuid.UUID
	Devices  []string // nil: all
	DryRun   bool
	Atomic   bool
}

// Reverse takes a transfer back by the rules of device.DecideReverseTransfer:
// whoever made it may for a while, others need the rights of a transfer back; a
// device is refused with missing_right without. query.ErrNotFound: the caller may not know of the transfer. The
// reversal stands in the record of the transfer, unless all of it is refused to a
// caller without the right; the answer's ID is uuid.Nil then. A device that is back in its
// account counts as transferred.
func (s *Service) Reverse(ctx context.Context, caller access.Caller, c Reverse) (command.BulkResult, error) {
	if err := c.Check(); err != nil {
		return command.BulkResult{}, err
	}
	if strings.TrimSpace(c.Reason) == "" {
		return command.BulkResult{}, refuseAt("/reason", reasonMissing)
	}
	req := s.access.Request(caller)
	l, _, err := s.seen(ctx, req, c.Transfer)
	if err != nil {
		return command.BulkResult{}, err
	}
	if c.Devices == nil {
		if c.Devices, err = s.movedBy(ctx, l.State); err != nil {
			return command.BulkResult{}, err
		}
	}
	switch {
	case len(c.Devices) == 0:
		return command.BulkResult{}, refuseAt("/devices", device.SelectionEmpty())
	case len(c.Devices) > command.MaxAtomic:
		return command.BulkResult{}, refuseAt("/devices", reversalTooLarge)
	}
	r, err := s.reversalRequest(ctx, req, c, l)
	if err != nil {
		return command.BulkResult{}, err
	}
	return r.run(ctx)
}

// movedBy are the devices that a transfer has moved.
func (s *Service) movedBy(ctx context.Context, t transfer.State) ([]string, error) {
	items, err := s.outcomes(ctx, t)
	var names []string
	for _, item := range items {
		if item.Outcome == transfer.Carried {
			names = append(names, item.SerialNumber)
		}
	}
	return names, err
}

// reversalRequest reads all that the decisions of a reversal rest on.
func (s *Service) reversalRequest(ctx context.Context, req *access.Request, c Reverse, l eventlog.Loaded[transfer.State]) (request, error) {
	if err := req.MayWrite(ctx, rights.DevicesTransfer); err != nil {
		return request{}, err
	}
	source, target := l.State.From, l.State.To
	owners, err := req.Owners(ctx, []uuid.UUID{source})
	if err != nil {
		return request{}, err
	}
	selected, err := req.Select(ctx, c.Devices, source, target)
	if err != nil {
		return request{}, err
	}
	r := request{
		env: s.executor.Begin(req.Caller.Actor, c.Command), rules: s.rules,
		holder: target, to: owners[source], devices: c.Devices, selected: selected, dryRun: c.DryRun, atomic: c.Atomic,
		notThere: device.NotInTransfer(), recorded: l,
	}
	mayMove := func(uid uuid.UUID) bool {
		set, _ := selected.In(uid)
		return set.Has(rights.DevicesTransfer)
	}
	r.entitled = mayMove(target)
	asked := askedFor(l.Events)[c.Transfer]
	reversal := device.ReverseTransfer{
		ID: r.env.Command.ID, Transfer: c.Transfer, Source: r.to, Made: device.Made{By: asked.Actor, At: asked.At},
		By:  device.Mover{Actor: req.Caller.Actor, Source: mayMove(target), Target: mayMove(source)},
		Now: r.env.At, Rules: s.rules,
	}
	r.decide = func(d device.State) ([]domain.Event, error) { return device.DecideReverseTransfer(d, reversal) }
	r.entries = reversalEntries{
		transfer.ReversalRequested{Transfer: c.Transfer, Reversal: reversal.ID, Account: req.Caller.Own(), Devices: named(c.Devices)},
	}
	return r, nil
}
