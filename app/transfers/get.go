package transfers

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// Record is a transfer as one caller may see it. Items and Reversals leave out
// what the caller may not see; By and Plan are empty where it may not know.
type Record struct {
	transfer.State
	RequestedAt time.Time
	By          Asked
	Reversals   []ReversalRecord
	Position    eventlog.Position
}

// ReversalRecord is a reversal in a Record.
type ReversalRecord struct {
	transfer.Reversal
	RequestedAt time.Time
	By          Asked
}

// Asked is who asked for something, when and why.
type Asked struct {
	At     time.Time
	Actor  domain.Actor
	Reason string
}

// Get is the record of a transfer, with devices.read in one of its two accounts,
// or for those of the account that asked; else query.ErrNotFound. Whoever sees
// only one of the accounts sees the devices that were moved, and of the refused
// ones only those that this account had: what was asked for besides, perhaps
// about devices of others, is the business of whoever asked.
func (s *Service) Get(ctx context.Context, caller access.Caller, id uuid.UUID) (Record, error) {
	l, v, err := s.seen(ctx, s.access.Request(caller), id)
	if err != nil {
		return Record{}, err
	}
	items, err := s.outcomes(ctx, l.State)
	if err != nil {
		return Record{}, err
	}
	asked := askedFor(l.Events)
	r := Record{State: l.State, RequestedAt: asked[id].At, Position: l.Position}
	if v.knowsAsker(l.State.Account) {
		r.By = asked[id]
	} else {
		r.Plan = uuid.Nil
	}
	r.Items = v.items(items, l.State.Account, v.source)
	for _, reversal := range l.State.Reversals {
		shown := ReversalRecord{Reversal: reversal, RequestedAt: asked[reversal.UID].At}
		if v.knowsAsker(reversal.Account) {
			shown.By = asked[reversal.UID]
		}
		shown.Items = v.items(reversal.Items, reversal.Account, v.target)
		r.Reversals = append(r.Reversals, shown)
	}
	return r, nil
}

// askedFor says who asked for the transfer and for its reversals, by their ids. A
// long transfer was asked for with its first request.
func askedFor(events []eventlog.Recorded) map[uuid.UUID]Asked {
	asked := map[uuid.UUID]Asked{}
	for _, e := range events {
		by := Asked{e.Metadata.OccurredAt.UTC(), e.Metadata.Actor, e.Metadata.Reason}
		switch event := e.Event.(type) {
		case transfer.TransferRequested:
			if _, known := asked[event.Transfer]; !known {
				asked[event.Transfer] = by
			}
		case transfer.ReversalRequested:
			asked[event.Reversal] = by
		}
	}
	return asked
}

// view is what a caller sees of a transfer.
type view struct {
	caller         access.Caller
	source, target bool // devices.read in the account
	own            bool // and in its own, which it acts for
}

// seen loads a transfer that the caller may know of, else query.ErrNotFound.
func (s *Service) seen(ctx context.Context, req *access.Request, id uuid.UUID) (eventlog.Loaded[transfer.State], view, error) {
	v := view{caller: req.Caller}
	l, err := eventlog.Load(ctx, s.executor.Log, transfer.Aggregate, id)
	if err != nil || l.State.UID == uuid.Nil {
		return l, v, access.OrNotFound(err)
	}
	reads := func(uid uuid.UUID) bool {
		var set rights.Set
		if err == nil && req.Caller.ActsFor(uid) {
			set, err = req.In(ctx, uid)
		}
		return set.Has(rights.DevicesRead)
	}
	v.source, v.target, v.own = reads(l.State.From), reads(l.State.To), req.Caller.Auditor() || reads(req.Caller.Own())
	if err != nil || !v.source && !v.target && !v.asker(l.State.Account) {
		return l, v, access.OrNotFound(err)
	}
	return l, v, nil
}

// asker reports whether the caller is of the account that asked, or audits it.
func (v view) asker(account uuid.UUID) bool {
	return v.own && v.caller.Belongs(account) && v.caller.ActsFor(account)
}

// knowsAsker reports whether the caller may know who asked, and why.
func (v view) knowsAsker(account uuid.UUID) bool { return v.asker(account) || v.source && v.target }

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

// outcomes are the items of a transfer, also those for which nothing was recorded:
// the command is still at it, or it has died. The devices themselves know.
func (s *Service) outcomes(ctx context.Context, t transfer.State) ([]transfer.Item, error) {
	items := slices.Clone(t.Items)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(command.Workers)
	for i := range items {
		if items[i].Outcome == "" && items[i].Device != uuid.Nil {
			g.Go(func() error { return s.lookUp(ctx, t.UID, &items[i]) })
		}
	}
	return items, g.Wait()
}

// lookUp finds in a device's stream what became of it.
func (s *Service) lookUp(ctx context.Context, id uuid.UUID, item *transfer.Item) error {
	l, err := eventlog.Load(ctx, s.executor.Log, device.Aggregate, item.Device)
	state := device.Aggregate.New(item.Device)
	for _, e := range l.Events {
		state = device.Evolve(state, e.Event)
		switch event := e.Event.(type) {
		case device.Transferred:
			if event.Transfer == id {
				item.Outcome, item.SerialNumber, item.Resulting = transfer.Carried, state.SerialNumber, state.Resulting(s.rules)
			}
		case device.TransferReversed:
			if event.Transfer == id {
				item.Reversal = event.Reversal
			}
		}
	}
	return err
}
