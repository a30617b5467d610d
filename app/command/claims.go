package command

import (
	"context"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// claims are the reservations that one command has claimed for one holder.
type claims struct {
	env    Env
	holder uuid.UUID
	stream string // the holder's
	made   map[string]claimed
}

// claimed is a claim that was made. A fresh one went from free to held by this
// command and was not renewed by another since (rule 4 of package reservation).
type claimed struct {
	key   reservation.Key
	at    eventlog.Revision
	fresh bool
}

func newClaims(env Env, holder uuid.UUID, stream string) *claims {
	return &claims{env: env, holder: holder, stream: stream, made: map[string]claimed{}}
}

// all claims everything wanted, or gives the problems of what others hold.
func (c *claims) all(ctx context.Context, wanted []reservation.Held) ([]domain.Problem, error) {
	for i, w := range wanted {
		ok, err := c.claim(ctx, w)
		if err != nil {
			return nil, err
		}
		if !ok { // then it is enough to look at the rest
			rest := wanted[i+1:]
			if len(rest) > 0 && rest[0].Besides == w.Key.Stream {
				rest = rest[1:] // the same value
			}
			missing, err := c.env.reservations().missing(ctx, c.holder, rest)
			return append([]domain.Problem{w.Taken}, missing...), err
		}
	}
	return nil, nil
}

// claim appends a claim, also when the holder has one already. A unique value
// is mostly free, so the first try goes without reading.
func (c *claims) claim(ctx context.Context, w reservation.Held) (ok bool, err error) {
	mine, again := c.made[w.Key.Stream]
	var seen reservation.State
	unread := w.Key.Capacity != 1 || again
	err = retry(ctx, claimTries, "claim "+w.Key.Stream, func() error {
		if unread {
			if seen, err = c.env.readReservation(ctx, w.Key); err != nil {
				return err
			}
		}
		unread = true
		var events []domain.Event
		events, ok = reservation.Claim(seen, w.Key, reservation.Reserved{
			Kind: w.Key.Kind, Holder: c.holder, Subject: c.stream, Account: w.Account,
		})
		if !ok {
			return nil
		}
		at, _, err := c.env.Append(ctx, w.Key.Stream, revisionOf(seen), c.env.Once(events[0]))
		if err != nil {
			return err
		}
		last, held := seen.Holds(c.holder)
		c.made[w.Key.Stream] = claimed{key: w.Key, at: at, fresh: !held || again && mine.fresh && eventlog.Revision(last) == mine.at}
		return nil
	})
	return ok && err == nil, err
}

// giveUp releases what the command has claimed and nobody else can rely on. A
// failure is left to the reactions.
func (c *claims) giveUp(ctx context.Context) {
	for _, m := range c.made {
		if !m.fresh {
			continue
		}
		h := Claim{key: m.key, at: m.at}
		if m.key.Capacity == 1 { // nobody else claims there, mostly
			s := reservation.Sole(c.holder, int64(m.at))
			h.seen = &s
		}
		c.env.releaseQuietly(ctx, c.holder, h)
	}
	clear(c.made)
}

// Claim is the last claim of a holder as it was read: the reservation is released
// as long as it still is the last one.
type Claim struct {
	key  reservation.Key
	seen *reservation.State // as it was read; nil: it was not
	at   eventlog.Revision
}

// ReadClaim reads the last claim of a holder; false when it holds nothing.
func (x *Executor) ReadClaim(ctx context.Context, key reservation.Key, holder uuid.UUID) (Claim, bool, error) {
	seen, err := x.readReservation(ctx, key)
	if err != nil {
		return Claim{}, false, err
	}
	at, ok := seen.Holds(holder)
	return Claim{key: key, seen: &seen, at: eventlog.Revision(at)}, ok, nil
}

// heldBefore looks at the reservations that a decision frees. That has to happen
// before its events are appended: whoever claims after them for the same holder
// renews the claim, and it is then not the one seen here.
func (env Env) heldBefore(ctx context.Context, holder uuid.UUID, freed []reservation.Held) ([]Claim, error) {
	var all []Claim
	for _, f := range freed {
		claim, ok, err := env.ReadClaim(ctx, f.Key, holder)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, claim)
		}
	}
	return all, nil
}

// releaseAll releases what was held before. A failure is left to the reactions:
// the events themselves stand.
func (env Env) releaseAll(ctx context.Context, holder uuid.UUID, all []Claim) {
	for _, c := range all {
		env.releaseQuietly(ctx, holder, c)
	}
}

func (env Env) releaseQuietly(ctx context.Context, holder uuid.UUID, c Claim) {
	if err := env.Release(ctx, holder, c); err != nil {
		env.Logger.WarnContext(ctx, "a reservation is left to the reactions to release", "stream", c.key.Stream, "error", err)
	}
}

// Release releases a reservation, unless the holder has claimed it again since.
// eventlog.ErrConflict: others were faster each time.
func (env Env) Release(ctx context.Context, holder uuid.UUID, c Claim) error {
	err := retry(ctx, claimTries, "release "+c.key.Stream, func() error {
		if c.seen == nil {
			seen, err := env.readReservation(ctx, c.key)
			if err != nil {
				return err
			}
			c.seen = &seen
		}
		seen := *c.seen
		c.seen = nil
		if at, ok := seen.Holds(holder); !ok || eventlog.Revision(at) != c.at {
			return nil
		}
		events := reservation.Release(seen, c.key.Kind, holder)
		_, _, err := env.Append(ctx, c.key.Stream, revisionOf(seen), env.Once(events[0]))
		return err
	})
	return conflictWhenBusy(err)
}

// ClaimFor claims what a holder has already, where it has not claimed it: by another
// name of the same. A holder who gives it up meanwhile leaves an orphan (rule 3 of
// package reservation). eventlog.ErrConflict: somebody else holds it, for now.
func (env Env) ClaimFor(ctx context.Context, w reservation.Held, holder uuid.UUID, stream string) error {
	_, held, err := env.ReadClaim(ctx, w.Key, holder)
	if err != nil || held {
		return err
	}
	ok, err := newClaims(env, holder, stream).claim(ctx, w)
	if err == nil && !ok {
		err = eventlog.ErrConflict
	}
	return conflictWhenBusy(err)
}
