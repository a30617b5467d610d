package reactions

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// Reserved follows the reservations of personal values, a grace period behind, and does
// for their keyed names what the Finisher does for all others: it releases those that
// their holder does not have.
//
// Versions before claim by the hash of the value, and follow no other names. What such
// a one has claimed is claimed by its keyed name here, and what it gave up is released:
// once this has followed the log to its end, and no instance of before runs any more,
// the keyed names alone say who has what (reservation.Names). So does it when the key
// was lost and another one made.
type Reserved struct{ finisher *Finisher }

// NewReserved makes the reaction.
func NewReserved(f *Finisher) *Reserved { return &Reserved{f} }

// Name is that of its checkpoint.
func (*Reserved) Name() string { return "reserved_1" }

// Prefixes are those of the streams it follows.
func (*Reserved) Prefixes() []string { return reservation.PersonalPrefixes() }

// claimant is somebody who has claimed personal values.
type claimant struct {
	uid     uuid.UUID
	account uuid.UUID
	keyed   map[string]reservation.Kind // names that were claimed
	because eventlog.Recorded
}

// HandleBatch fails as that of the Finisher does. Handling events again, or on several
// instances at once, does no harm.
func (r *Reserved) HandleBatch(ctx context.Context, b eventlog.Batch) error {
	if err := r.finisher.oldEnough(b.Events); err != nil {
		return err
	}
	all, err := r.claimants(ctx, b.Events)
	if err != nil {
		return err
	}
	work := stage{}
	for stream, c := range all {
		work[stream] = func(ctx context.Context) error { return r.settle(ctx, stream, c, b.Events[len(b.Events)-1].Position) }
	}
	return work.run(ctx)
}

// claimants are the holders that the events are about, by their streams.
func (r *Reserved) claimants(ctx context.Context, events []eventlog.Recorded) (map[string]*claimant, error) {
	all := map[string]*claimant{}
	for _, e := range events {
		claim, ok := e.Event.(reservation.Reserved)
		if released, gone := e.Event.(reservation.Released); gone {
			var err error
			if claim, ok, err = r.claimOf(ctx, e.Stream, released.Holder); err != nil {
				return nil, err
			}
		}
		if !ok {
			continue
		}
		c := all[claim.Subject]
		if c == nil {
			c = &claimant{uid: claim.Holder, account: claim.Account, keyed: map[string]reservation.Kind{}, because: e}
			all[claim.Subject] = c
		}
		if reservation.IsKeyed(e.Stream) {
			c.keyed[e.Stream] = reservation.Email
		}
	}
	return all, nil
}

// claimOf finds a claim of a holder in a stream, which tells the holder's own.
func (r *Reserved) claimOf(ctx context.Context, stream string, holder uuid.UUID) (claim reservation.Reserved, ok bool, err error) {
	for e, err := range r.finisher.executor.Log.ReadStream(ctx, stream, 0) {
		if err != nil {
			return claim, false, err
		}
		if c, is := e.Event.(reservation.Reserved); is && c.Holder == holder {
			claim, ok = c, true
		}
	}
	return claim, ok, nil
}

// settle claims what a holder has by its keyed names, and releases what it has not.
func (r *Reserved) settle(ctx context.Context, stream string, c *claimant, upto eventlog.Position) error {
	f := r.finisher
	h, err := f.loadHolder(ctx, stream)
	if err != nil {
		return err
	}
	env := f.because(c.because)
	for name, kind := range h.Now {
		if !reservation.IsKeyed(name) {
			continue
		}
		held := reservation.Held{Key: reservation.Key{Kind: kind, Stream: name, Capacity: 1}, Account: c.account}
		if err := env.ClaimFor(ctx, held, h.uid, stream); err != nil {
			return err
		}
	}
	// What it gave up is in streams that are not followed here: all of it is looked after.
	return f.tidy(ctx, env, stream, c.keyed, eventlog.Position{}, upto)
}
