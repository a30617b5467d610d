package app

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// TransferRecord is a transfer as one caller may see it. Items and Reversals
// leave out what the caller may not see; By and Plan are empty where it may not
// know.
type TransferRecord struct {
	transfer.State
	RequestedAt time.Time
	By          Asked
	Reversals   []ReversalRecord
	Position    eventlog.Position
}

// ReversalRecord is a reversal in a TransferRecord.
type ReversalRecord struct {
	transfer.Reversal
	RequestedAt time.Time
	By          Asked
}

// Transfer is the record of a transfer, with devices.read in one of its two
// accounts, or for those of the account that asked. Who sees one of the
// accounts alone sees the devices that were moved, and of the refused ones only
// those that this account had: what was asked for besides, perhaps about
// devices of others, is the business of who asked.
func (a *App) Transfer(ctx context.Context, caller access.Caller, id uuid.UUID) (TransferRecord, error) {
	l, v, err := a.seenTransfer(ctx, caller, id)
	if err != nil {
		return TransferRecord{}, err
	}
	if err := a.fillOpen(ctx, l.state); err != nil {
		return TransferRecord{}, err
	}
	r := TransferRecord{State: l.state, RequestedAt: l.requested[id].At, Position: l.position}
	if v.asker(l.state.Account) || v.source && v.target {
		r.By = l.requested[id]
	} else {
		r.Plan = uuid.Nil
	}
	r.Items = v.items(l.state.Items, l.state.Account, v.source)
	for _, reversal := range l.state.Reversals {
		shown := ReversalRecord{Reversal: reversal, RequestedAt: l.requested[reversal.UID].At}
		if v.asker(reversal.Account) || v.source && v.target {
			shown.By = l.requested[reversal.UID]
		}
		shown.Items = v.items(reversal.Items, reversal.Account, v.target)
		r.Reversals = append(r.Reversals, shown)
	}
	return r, nil
}

// view is what a caller sees of a transfer.
type view struct {
	caller         access.Caller
	source, target bool // devices.read in the account
	own            bool // and in its own, which it acts for
}

// seenTransfer loads a transfer that the caller may know of, else ErrNotFound.
func (a *App) seenTransfer(ctx context.Context, caller access.Caller, id uuid.UUID) (loadedTransfer, view, error) {
	v := view{caller: caller}
	l, err := a.loadTransfer(ctx, id)
	if err != nil || l.state.UID == uuid.Nil {
		return l, v, orNotFound(err)
	}
	x := a.access(caller)
	reads := func(uid uuid.UUID) bool {
		var set rights.Set
		if err == nil && x.actsFor(uid) {
			set, err = x.in(ctx, uid)
		}
		return set.Has(rights.DevicesRead)
	}
	v.source, v.target, v.own = reads(l.state.From), reads(l.state.To), caller.Auditor() || reads(caller.Own())
	if err != nil || !v.source && !v.target && !v.asker(l.state.Account) {
		return l, v, orNotFound(err)
	}
	return l, v, nil
}

// asker reports whether the caller is of the account that asked, or audits it.
func (v view) asker(account uuid.UUID) bool {
	return v.own && v.caller.Belongs(account) && v.caller.ActsFor(account)
}

// items are those that the caller may see: all of what its own account asked
// for, else what was moved, and with the right in the account that has the
// devices what was refused of them.
func (v view) items(all []transfer.Item, asker uuid.UUID, holder bool) []transfer.Item {
	if v.asker(asker) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(i transfer.Item) bool {
		return i.Outcome != transfer.Carried && (!i.InSource || !holder)
	})
}

// fillOpen looks up what became of devices for which nothing was recorded: the
// command is still at it, or it has died. The devices themselves know.
func (a *App) fillOpen(ctx context.Context, s transfer.State) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for i := range s.Items {
		item := &s.Items[i]
		if item.Outcome != "" || item.Device == uuid.Nil {
			continue
		}
		g.Go(func() error { return a.fill(ctx, s.UID, item) })
	}
	return g.Wait()
}

func (a *App) fill(ctx context.Context, id uuid.UUID, item *transfer.Item) error {
	state := device.State{UID: item.Device}
	for e, err := range a.log.ReadStream(ctx, eventlog.DeviceStream(item.Device), 0) {
		if err != nil {
			return err
		}
		state = device.Evolve(state, e.Event)
		switch event := e.Event.(type) {
		case device.Transferred:
			if event.Transfer == id {
				item.Outcome, item.SerialNumber, item.Resulting = transfer.Carried, state.SerialNumber, state.Resulting(a.rules)
			}
		case device.TransferReversed:
			if event.Transfer == id {
				item.Reversal = event.Reversal
			}
		}
	}
	return nil
}

var reasonMissing = domain.Problem{Code: CodeReasonMissing, Detail: "Give a reason."}
