package reactions

import (
	"context"
	"fmt"
	"iter"
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
	last     time.Time // when its last event happened
}

// loadHolder folds the stream of a holder, whatever aggregate it is.
func (f *Finisher) loadHolder(ctx context.Context, stream string) (holder, error) {
	h := holder{stream: stream, revision: eventlog.NoStream}
	var times eventlog.Times
	var events iter.Seq2[domain.Event, error] = func(yield func(domain.Event, error) bool) {
		for e, err := range f.executor.Log.ReadStream(ctx, stream, 0) {
			if err == nil {
				h.revision, h.last = e.Revision, times.Next(e)
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

// tidy releases the reservations that a holder does not have: those it is known to
// have claimed, and all it once had.
func (f *Finisher) tidy(ctx context.Context, env command.Env, stream string, claimed map[string]reservation.Kind) error {
	h, err := f.loadHolder(ctx, stream)
	if err != nil {
		return err
	}
	for reserved, kind := range claimed {
		h.Ever[reserved] = kind
	}
	for reserved, kind := range h.Ever {
		if _, has := h.Now[reserved]; has {
			continue
		}
		key := reservation.Key{Kind: kind, Stream: reserved}
		err := command.Retry(ctx, "release orphan in "+reserved, func() error { return f.releaseOrphan(ctx, env, key, stream, h.uid) })
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
func (f *Finisher) releaseOrphan(ctx context.Context, env command.Env, key reservation.Key, stream string, uid uuid.UUID) error {
	batch, err := f.releaseUnlessHeld(ctx, env, key, stream, uid)
	if err != nil || batch == uuid.Nil {
		return err
	}
	// The batch that holds the device may want the reservation, and a
	// fence would be in its way: it has to end first.
	if err := f.executor.SettleHolds(ctx, batch, uid); err != nil {
		return err
	}
	return eventlog.ErrConflict
}

// releaseUnlessHeld does so while no command of this instance is at work on the holder: one
// that has claimed and is about to append, or has given up and is about to release, does
// so itself, and a fence would only change the revision that its caller was told. It may
// still do that to commands of other instances, and to all-or-nothing ones, which let go
// of a stream before they release.
func (f *Finisher) releaseUnlessHeld(ctx context.Context, env command.Env, key reservation.Key, stream string, uid uuid.UUID) (heldBy uuid.UUID, err error) {
	done, err := f.executor.Alone(ctx, stream)
	if err != nil {
		return uuid.Nil, err
	}
	defer done()
	claim, held, err := env.ReadClaim(ctx, key, uid)
	if err != nil || !held {
		return uuid.Nil, err
	}
	h, err := f.loadHolder(ctx, stream)
	if err != nil {
		return uuid.Nil, err
	}
	if _, has := h.Now[key.Stream]; has {
		return uuid.Nil, nil
	}
	if h.HeldBy != uuid.Nil {
		return h.HeldBy, nil
	}
	if fence := h.Fence(key.Stream); fence != nil {
		if _, _, err := env.Append(ctx, stream, h.revision, eventlog.NotBefore(h.last, env.Once(fence))...); err != nil {
			return uuid.Nil, err
		}
	}
	return uuid.Nil, env.Release(ctx, uid, claim)
}
