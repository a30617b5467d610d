package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

var reversalTooLarge = domain.Problem{
	Code: CodeReversalTooLarge, Detail: fmt.Sprintf("A reversal has at most %d devices; name them.", maxTogether),
}

// ReverseTransfer takes a transfer back by the rules of device.DecideReverseTransfer. It
// needs devices.transfer in both accounts. It stands in the record of the
// transfer. A device that is back in its account counts as transferred.
func (a *App) ReverseTransfer(ctx context.Context, caller access.Caller, c ReverseTransfer) (BulkResult, error) {
	if err := c.checked(); err != nil {
		return BulkResult{}, err
	}
	l, _, err := a.seenTransfer(ctx, caller, c.Transfer)
	if err != nil {
		return BulkResult{}, err
	}
	if err := a.fillOpen(ctx, l.state); err != nil {
		return BulkResult{}, err
	}
	if c.Devices == nil {
		c.Devices = moved(l.state)
	}
	switch {
	case len(c.Devices) == 0:
		return BulkResult{}, domain.Refuse(at("/devices", []domain.Problem{device.SelectionEmpty()})...)
	case len(c.Devices) > maxTogether:
		return BulkResult{}, domain.Refuse(at("/devices", []domain.Problem{reversalTooLarge})...)
	}
	r, err := a.transferReversal(ctx, caller, c, l.state)
	if err != nil {
		return BulkResult{}, err
	}
	b := bulk{success: domain.OutcomeTransferred, dryRun: c.DryRun, atomic: c.Atomic, visible: r.visible}
	for _, name := range c.Devices {
		b.items = append(b.items, r.item(name))
	}
	var rec record
	if !c.DryRun {
		if rec, err = a.recordReversal(ctx, r, caller.Own(), l); err != nil {
			return BulkResult{}, err
		}
	}
	results, err := a.resultsOf(ctx, r.w, b)
	if err == nil && !c.DryRun {
		err = rec.conclude(ctx, results)
	}
	if err != nil {
		return BulkResult{}, err
	}
	return b.answer(r.w.command.ID, results), nil
}

func (c ReverseTransfer) checked() error {
	if err := c.check(); err != nil {
		return err
	}
	if strings.TrimSpace(c.Reason) == "" {
		return domain.Refuse(at("/reason", []domain.Problem{reasonMissing})...)
	}
	return nil
}

// moved are the devices that a transfer has moved.
func moved(s transfer.State) []string {
	var names []string
	for _, item := range s.Items {
		if item.Outcome == transfer.Carried {
			names = append(names, item.SerialNumber)
		}
	}
	return names
}

// transferReversal is what all devices of one reversal have in common.
type transferReversal struct {
	app      *App
	w        write
	command  ReverseTransfer
	source   device.Owner // the devices return to it
	target   uuid.UUID
	problems []domain.Problem // of the request as a whole
	visible  func(uuid.UUID) bool
	seen     duplicates
}

func (a *App) transferReversal(ctx context.Context, caller access.Caller, c ReverseTransfer, s transfer.State) (transferReversal, error) {
	r := transferReversal{app: a, w: a.write(caller, c.Command), command: c, target: s.To, seen: duplicates{}}
	x := a.access(caller)
	if err := x.open(ctx, rights.DevicesTransfer); err != nil {
		return r, err
	}
	owners, err := a.owners(ctx, []uuid.UUID{s.From})
	if err != nil {
		return r, err
	}
	r.source = owners[s.From]
	for _, uid := range []uuid.UUID{s.From, s.To} {
		set, err := x.in(ctx, uid)
		if err != nil {
			return r, err
		}
		if !set.Has(rights.DevicesTransfer) {
			r.problems = append(r.problems, device.MissingRight(string(rights.DevicesTransfer), uid))
		}
	}
	r.visible, err = a.visible(ctx, x, []uuid.UUID{s.From, s.To})
	return r, err
}

func (r transferReversal) item(name string) bulkItem {
	item := bulkItem{name: name}
	uid, ok := deviceUID(name)
	if !ok {
		item.problems = []domain.Problem{device.NotInTransfer()}
		return item
	}
	if item.problems = r.seen.check(uid); len(item.problems) > 0 {
		return item
	}
	item.change = deviceChange(uid, r.decide)
	item.change.wants = func(s device.State) []want {
		if s.Account != r.target || s.LifeCycle == device.OutOfService || s.Moved == nil || s.Moved.Transfer != r.command.Transfer {
			return nil
		}
		return append(r.app.wantsPlace(r.source), wantsName(r.source.UID, s.Name))
	}
	if r.source.Reseller() {
		item.lanes = []string{"places"}
	}
	return item
}

// decide is the decision of the device, with the problems of the request. A
// device that has gone on to an account that the caller may not see is not there.
func (r transferReversal) decide(s device.State) ([]domain.Event, []domain.Problem) {
	if s.Exists() && s.Account != r.target && !r.visible(s.Account) {
		return nil, append([]domain.Problem{device.NotInTransfer()}, r.problems...)
	}
	events, problems := device.DecideReverseTransfer(s, device.ReverseTransfer{ID: r.w.command.ID, Transfer: r.command.Transfer, Source: r.source})
	if problems = append(problems, r.problems...); len(problems) > 0 {
		return nil, problems
	}
	return events, nil
}

// recordReversal begins the record, as recordTransfer does.
func (a *App) recordReversal(ctx context.Context, r transferReversal, own uuid.UUID, l loadedTransfer) (record, error) {
	rec := record{app: a, w: r.w, transfer: r.command.Transfer, reversal: r.w.command.ID, holder: r.target, found: l}
	e := transfer.ReversalRequested{Transfer: rec.transfer, Reversal: rec.reversal, Account: own}
	for _, name := range r.command.Devices {
		e.Devices = append(e.Devices, named(name))
	}
	err := rec.begin(ctx, func() (eventlog.NewEvent, bool) {
		_, known := rec.found.requested[rec.reversal]
		return eventlog.NewEvent{ID: r.w.derive("reversal requested"), Event: e, Metadata: r.w.metadata(e)}, known
	})
	return rec, err
}
