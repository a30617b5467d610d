package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// want is a reservation that a change needs, and the problem when others hold it.
type want struct {
	key     reservation.Key
	account uuid.UUID // it is for, where there is one
	taken   domain.Problem
}

// reservations is a reservation stream folded, with the revision of each
// holder's last claim: a claim with the same revision is the same claim.
type reservations struct {
	state    reservation.State
	claimed  map[uuid.UUID]eventlog.Revision
	revision eventlog.Revision
}

func (a *App) reservations(ctx context.Context, stream string) (reservations, error) {
	r := reservations{claimed: map[uuid.UUID]eventlog.Revision{}, revision: eventlog.NoStream}
	for e, err := range a.log.ReadStream(ctx, stream, 0) {
		if err != nil {
			return r, fmt.Errorf("load %s: %w", stream, err)
		}
		r.state, r.revision = reservation.Evolve(r.state, e.Event), e.Revision
		if reserved, ok := e.Event.(reservation.Reserved); ok {
			r.claimed[reserved.Holder] = e.Revision
		}
	}
	return r, nil
}

// holds reports whether the holder has a place, and since which claim.
func (r reservations) holds(holder uuid.UUID) (eventlog.Revision, bool) {
	_, ok := r.state.Holders[holder]
	return r.claimed[holder], ok
}

// claims are the reservations that one command has claimed for one holder.
// What is fresh went from free to held by this command and was not renewed by
// another since (rule 4 of package reservation).
type claims struct {
	app     *App
	w       write
	holder  uuid.UUID
	subject string // the holder's stream
	made    map[string]claimed
}

type claimed struct {
	key   reservation.Key
	at    eventlog.Revision
	fresh bool
}

func (a *App) claims(w write, holder uuid.UUID, subject string) *claims {
	return &claims{app: a, w: w, holder: holder, subject: subject, made: map[string]claimed{}}
}

// all claims everything wanted, or gives the problems of what others hold.
func (c *claims) all(ctx context.Context, wants []want) ([]domain.Problem, error) {
	for i, w := range wants {
		ok, err := c.claim(ctx, w)
		if err != nil {
			return nil, err
		}
		if !ok { // then it is enough to look at the rest
			missing, err := c.app.plan().missing(ctx, c.holder, wants[i+1:])
			return append([]domain.Problem{w.taken}, missing...), err
		}
	}
	return nil, nil
}

// claim appends a claim, also when the holder has one already. A unique value
// is mostly free, so the first try goes without reading.
func (c *claims) claim(ctx context.Context, w want) (bool, error) {
	reserve := reservation.Reserved{Kind: w.key.Kind, Holder: c.holder, Subject: c.subject, Account: w.account}
	mine, again := c.made[w.key.Stream]
	seen := reservations{revision: eventlog.NoStream}
	blind := w.key.Capacity == 1 && !again
	for try := range claimTries {
		if !blind {
			var err error
			if seen, err = c.app.reservations(ctx, w.key.Stream); err != nil {
				return false, err
			}
		}
		blind = false
		events, ok := reservation.Claim(seen.state, w.key, reserve)
		if !ok {
			return false, nil
		}
		at, _, err := c.app.append(ctx, w.key.Stream, seen.revision, c.w.once(events[0]))
		if errors.Is(err, eventlog.ErrConflict) {
			if err := pause(ctx, try); err != nil {
				return false, err
			}
			continue
		}
		if err != nil {
			return false, err
		}
		last, held := seen.holds(c.holder)
		c.made[w.key.Stream] = claimed{key: w.key, at: at, fresh: !held || again && mine.fresh && last == mine.at}
		return true, nil
	}
	return false, fmt.Errorf("claim %s: %w", w.key.Stream, eventlog.ErrBusy)
}

// giveUp releases what the command has claimed and nobody else can rely on. A
// failure is left to the processes.
func (c *claims) giveUp(ctx context.Context) {
	for _, m := range c.made {
		if !m.fresh {
			continue
		}
		seen := reservations{revision: eventlog.NoStream}
		if m.key.Capacity == 1 { // nobody else claims there, mostly
			seen = reservations{
				state:    reservation.State{Holders: map[uuid.UUID]int{c.holder: 1}},
				claimed:  map[uuid.UUID]eventlog.Revision{c.holder: m.at},
				revision: m.at,
			}
		}
		c.app.releaseQuietly(ctx, c.w, c.holder, freed{key: m.key, seen: seen, at: m.at})
	}
	clear(c.made)
}

// freed is a reservation that is to be released as long as the holder's last
// claim is the one at the given revision.
type freed struct {
	key  reservation.Key
	seen reservations // where to begin; revision NoStream: read it first
	at   eventlog.Revision
}

// before looks at the reservations that a change will free. It has to happen
// before the change is appended: whoever claims after the change for the same
// holder renews the claim, and it is then not the one seen here.
func (a *App) before(ctx context.Context, holder uuid.UUID, keys []reservation.Key) ([]freed, error) {
	var all []freed
	for _, key := range keys {
		seen, err := a.reservations(ctx, key.Stream)
		if err != nil {
			return nil, err
		}
		if at, ok := seen.holds(holder); ok {
			all = append(all, freed{key: key, seen: seen, at: at})
		}
	}
	return all, nil
}

// releaseFreed releases after the change. A failure is left to the processes:
// the change itself stands.
func (a *App) releaseFreed(ctx context.Context, w write, holder uuid.UUID, all []freed) {
	for _, f := range all {
		a.releaseQuietly(ctx, w, holder, f)
	}
}

func (a *App) releaseQuietly(ctx context.Context, w write, holder uuid.UUID, f freed) {
	if err := a.release(ctx, w, holder, f); err != nil {
		a.logger.WarnContext(ctx, "a reservation is left to the processes to release", "stream", f.key.Stream, "error", err)
	}
}

func (a *App) release(ctx context.Context, w write, holder uuid.UUID, f freed) error {
	seen := f.seen
	for try := range claimTries {
		if try > 0 || seen.revision == eventlog.NoStream {
			var err error
			if seen, err = a.reservations(ctx, f.key.Stream); err != nil {
				return err
			}
		}
		if last, ok := seen.holds(holder); !ok || last != f.at {
			return nil
		}
		events := reservation.Release(seen.state, f.key.Kind, holder)
		_, _, err := a.append(ctx, f.key.Stream, seen.revision, w.once(events[0]))
		if !errors.Is(err, eventlog.ErrConflict) {
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
	return fmt.Errorf("release %s: %w", f.key.Stream, errors.Join(eventlog.ErrBusy, eventlog.ErrConflict))
}
