package reactions

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/command"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// holder is what the stream of a holder of reservations tells.
type holder struct {
	aggregate.Holding
	uid      uuid.UUID
	stream   string
	revision eventlog.Revision
	last     time.Time           // when its last event happened
	at       []eventlog.Position // of its events, as far as the store tells
}

// loadHolder folds the stream of a holder, whatever aggregate it is.
func (f *Finisher) loadHolder(ctx context.Context, stream string) (holder, error) {
	h := holder{stream: stream, revision: eventlog.NoStream}
	var times eventlog.Times
	var events iter.Seq2[domain.Event, error] = func(yield func(domain.Event, error) bool) {
		for e, err := range f.executor.Log.ReadStream(ctx, stream, 0) {
			if err == nil {
				h.revision, h.last = e.Revision, times.Next(e)
				h.at = append(h.at, e.Position)
			}
			if !yield(e.Event, err) {
				return
			}
		}
	}
	for _, a := range holders {
		uid, ok := a.UID(stream)
		if !ok {
			continue
		}
		var err error
		if h.Holding, err = a.Holding(uid, f.executor.Limits, events); err != nil {
			return h, fmt.Errorf("load %s: %w", stream, err)
		}
		h.uid = uid
		return h, nil
	}
	return h, fmt.Errorf("%s holds no reservations", stream)
}

// keeps reports whether a holder has a reservation, or has given it up by an event after
// a position: that event comes to its own turn. Before, its command is most likely about
// to release, and a fence would change the revision that its caller is told.
func (h holder) keeps(reserved string, after eventlog.Position) bool {
	if _, has := h.Now[reserved]; has {
		return true
	}
	given, up := h.GivenUp[reserved]
	return up && after.Before(h.at[given.By])
}

// gaveUp are the reservations that a holder gave up by events from a position on. By one
// whose position the store does not tell, it may have.
func (h holder) gaveUp(from eventlog.Position) map[string]reservation.Kind {
	since := map[string]reservation.Kind{}
	for reserved, given := range h.GivenUp {
		if at := h.at[given.By]; at == (eventlog.Position{}) || !at.Before(from) {
			since[reserved] = given.Kind
		}
	}
	return since
}

// tidy releases the reservations that a holder does not have: those it is known to
// have claimed, and what it gave up by the events from one position up to another. What
// it gave up before was looked after then.
func (f *Finisher) tidy(ctx context.Context, env command.Env, stream string, claimed map[string]reservation.Kind, from, upto eventlog.Position) error {
	h, err := f.loadHolder(ctx, stream)
	if err != nil {
		return err
	}
	orphans := h.gaveUp(from)
	maps.Copy(orphans, claimed)
	for reserved, kind := range orphans {
		if h.keeps(reserved, upto) {
			continue
		}
		key := reservation.Key{Kind: kind, Stream: reserved}
		err := command.Retry(ctx, "release orphan in "+reserved, func() error { return f.releaseOrphan(ctx, env, key, h, upto) })
		if err != nil {
			return err
		}
	}
	return nil
}

// releaseOrphan releases a claim by rule 3 of package reservation: read the
// reservation, then the holder; when the holder does not have the value, fence
// the holder's stream, then release. eventlog.ErrConflict: it is to be tried
// again.
func (f *Finisher) releaseOrphan(ctx context.Context, env command.Env, key reservation.Key, of holder, upto eventlog.Position) error {
	claim, held, err := env.ReadClaim(ctx, key, of.uid)
	if err != nil || !held {
		return err
	}
	h, err := f.loadHolder(ctx, of.stream)
	if err != nil || h.keeps(key.Stream, upto) {
		return err
	}
	if h.HeldBy != uuid.Nil {
		// The batch that holds the device may want the reservation, and a
		// fence would be in its way: it has to end first.
		if err := f.executor.SettleHolds(ctx, h.HeldBy, h.uid); err != nil {
			return err
		}
		return eventlog.ErrConflict
	}
	if fence := h.Fence(key.Stream); fence != nil {
		if _, _, err := env.Append(ctx, h.stream, h.revision, eventlog.NotBefore(h.last, env.Once(fence))...); err != nil {
			return err
		}
	}
	return env.Release(ctx, h.uid, claim)
}
