package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

// loadedTransfer is the record of a transfer with what its metadata tell.
type loadedTransfer struct {
	state     transfer.State
	revision  eventlog.Revision
	position  eventlog.Position
	requested map[uuid.UUID]Asked // by request: the events of the transfer, the uids of reversals
	first     map[uuid.UUID]int   // by event: index of the first device of a request
}

// Asked is who asked for something, when and why.
type Asked struct {
	At     time.Time
	Actor  domain.Actor
	Reason string
}

func (a *App) loadTransfer(ctx context.Context, uid uuid.UUID) (loadedTransfer, error) {
	l := loadedTransfer{revision: eventlog.NoStream, requested: map[uuid.UUID]Asked{}, first: map[uuid.UUID]int{}}
	for e, err := range a.log.ReadStream(ctx, eventlog.TransferStream(uid), 0) {
		if err != nil {
			return l, fmt.Errorf("load transfer %s: %w", uid, err)
		}
		by := Asked{e.Metadata.OccurredAt.UTC(), e.Metadata.Actor, e.Metadata.Reason}
		switch event := e.Event.(type) {
		case transfer.TransferRequested:
			l.first[e.ID] = event.First
			if _, known := l.requested[event.Transfer]; !known {
				l.requested[event.Transfer] = by
			}
		case transfer.ReversalRequested:
			l.requested[event.Reversal] = by
		}
		l.state, l.revision, l.position = transfer.Evolve(l.state, e.Event), e.Revision, e.Position
	}
	return l, nil
}

// record is the recording of one request: of a transfer, a part of a long one,
// or a reversal.
type record struct {
	app      *App
	w        write
	transfer uuid.UUID
	reversal uuid.UUID // uuid.Nil: the transfer itself
	holder   uuid.UUID // the account that has the devices before
	first    int       // index of the first device
	found    loadedTransfer
}

// recordTransfer begins the record, before anything is done. A request that was
// begun before is the same.
func (a *App) recordTransfer(ctx context.Context, t transferring, own uuid.UUID) (record, error) {
	r := record{app: a, w: t.w, transfer: t.w.command.ID, holder: t.from.UID}
	e := transfer.TransferRequested{
		Transfer: r.transfer, Account: own, From: t.from.UID, To: t.command.To, Offer: t.command.Offer,
		Plan: t.command.Plan, Atomic: t.command.Atomic, Policy: t.policy(),
	}
	names := sha256.New()
	for _, name := range t.command.Devices {
		e.Devices = append(e.Devices, named(name))
		fmt.Fprintf(names, "%q", name)
	}
	id := t.w.derive("requested " + hex.EncodeToString(names.Sum(nil)))
	r.found.revision = eventlog.NoStream // mostly there is nothing yet: the first try goes without reading
	err := r.begin(ctx, func() (eventlog.NewEvent, bool) {
		first, known := r.found.first[id]
		if !known {
			first = len(r.found.state.Items)
		}
		e.First, r.first = first, first
		return eventlog.NewEvent{ID: id, Event: e, Metadata: t.w.metadata(e)}, known
	})
	return r, err
}

// begin appends the request unless the record has it.
func (r *record) begin(ctx context.Context, request func() (e eventlog.NewEvent, known bool)) error {
	for try := range conflictTries {
		e, known := request()
		if known {
			return nil
		}
		revision, _, err := r.app.append(ctx, eventlog.TransferStream(r.transfer), r.found.revision, e)
		if err == nil {
			r.found.state, r.found.revision = transfer.Evolve(r.found.state, e.Event), revision
			return nil
		}
		if !errors.Is(err, eventlog.ErrConflict) {
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
		if r.found, err = r.app.loadTransfer(ctx, r.transfer); err != nil {
			return err
		}
	}
	return fmt.Errorf("record of transfer %s: %w", r.transfer, eventlog.ErrBusy)
}

// conclude records what became of the devices, as far as that is not known. It
// goes on when the caller has gone: the devices have been moved.
func (r *record) conclude(ctx context.Context, results []result[device.State]) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSteps)
	defer cancel()
	for try := range conflictTries {
		err := r.append(ctx, results)
		if !errors.Is(err, eventlog.ErrConflict) {
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
		if r.found, err = r.app.loadTransfer(ctx, r.transfer); err != nil {
			return err
		}
	}
	return fmt.Errorf("record of transfer %s: %w", r.transfer, eventlog.ErrBusy)
}

func (r *record) append(ctx context.Context, results []result[device.State]) error {
	for _, e := range r.outcomes(results) {
		revision, _, err := r.app.append(ctx, eventlog.TransferStream(r.transfer), r.found.revision, r.w.once(e))
		if err != nil {
			return err
		}
		r.found.state, r.found.revision = transfer.Evolve(r.found.state, e), revision
	}
	return nil
}

// outcomes are the events that say what is not recorded yet.
func (r *record) outcomes(results []result[device.State]) []domain.Event {
	recorded := r.recorded()
	var moved []transfer.Moved
	var back []uuid.UUID
	var refusals []transfer.Refusal
	for i, result := range results {
		known := recorded[r.first+i]
		switch {
		case known.Outcome == transfer.Carried:
		case len(result.problems) == 0 && result.done:
			moved = append(moved, transfer.Moved{
				Index: r.first + i, Device: result.state.UID, SerialNumber: result.state.SerialNumber,
				Resulting: result.state.Resulting(r.app.rules),
			})
			back = append(back, result.state.UID)
		case len(result.problems) > 0 && !slices.Equal(codesOf(known.Problems), codesOf(result.problems)):
			refusal := transfer.Refusal{Index: r.first + i, Problems: result.problems}
			if result.state.Exists() && result.state.Account == r.holder {
				refusal.InSource, refusal.SerialNumber = true, result.state.SerialNumber
			}
			refusals = append(refusals, refusal)
		}
	}
	var events []domain.Event
	if r.reversal == uuid.Nil {
		for part := range slices.Chunk(moved, perRecord) {
			events = append(events, transfer.TransferCarriedOut{Transfer: r.transfer, Devices: part})
		}
		for part := range slices.Chunk(refusals, perRecord) {
			events = append(events, transfer.TransferRefused{Transfer: r.transfer, Devices: part})
		}
		return events
	}
	for part := range slices.Chunk(back, perRecord) {
		events = append(events, transfer.ReversalCarriedOut{Transfer: r.transfer, Reversal: r.reversal, Devices: part})
	}
	for part := range slices.Chunk(refusals, perRecord) {
		events = append(events, transfer.ReversalRefused{Transfer: r.transfer, Reversal: r.reversal, Devices: part})
	}
	return events
}

func (r *record) recorded() []transfer.Item {
	if r.reversal == uuid.Nil {
		return r.found.state.Items
	}
	i := slices.IndexFunc(r.found.state.Reversals, func(v transfer.Reversal) bool { return v.UID == r.reversal })
	return r.found.state.Reversals[i].Items
}

// maxRecordedName is longer than any name a device can have.
const maxRecordedName = 100

// named is how the record has a device.
func named(name string) transfer.Named {
	n := transfer.Named{Name: name}
	if runes := []rune(name); len(runes) > maxRecordedName {
		n.Name = string(runes[:maxRecordedName])
	}
	if uid, ok := deviceUID(name); ok {
		n.Device = uid
	}
	return n
}
