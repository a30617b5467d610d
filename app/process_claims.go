package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/user"
)

// tidy releases the reservations that the holder with this stream does not
// have: those in reserved, and all it once had.
func (a *App) tidy(ctx context.Context, w write, subject string, holder uuid.UUID, reserved map[string]reservation.Kind) error {
	h, err := a.holding(ctx, subject)
	if err != nil {
		return err
	}
	for stream, kind := range reserved {
		h.ever[stream] = kind
	}
	for stream, kind := range h.ever {
		if _, has := h.now[stream]; has {
			continue
		}
		if err := a.releaseOrphan(ctx, w, reservation.Key{Kind: kind, Stream: stream}, subject, holder); err != nil {
			return err
		}
	}
	return nil
}

// releaseOrphan releases a claim by rule 3 of package reservation: read the
// reservation, then the holder; when the holder does not have the value, fence
// the holder's stream, then release.
func (a *App) releaseOrphan(ctx context.Context, w write, key reservation.Key, subject string, holder uuid.UUID) error {
	for try := range conflictTries {
		seen, err := a.reservations(ctx, key.Stream)
		if err != nil {
			return err
		}
		claimed, ok := seen.holds(holder)
		if !ok {
			return nil
		}
		h, err := a.holding(ctx, subject)
		if err != nil {
			return err
		}
		if _, has := h.now[key.Stream]; has {
			return nil
		}
		if h.heldBy != uuid.Nil {
			// The batch that holds the device may want the reservation, and a
			// fence would be in its way: it has to end first.
			if err := a.settleHolds(ctx, h.heldBy, holder); err != nil {
				return err
			}
			continue
		}
		err = a.fence(ctx, w, h, key.Stream, subject, holder)
		if errors.Is(err, eventlog.ErrConflict) {
			err = pause(ctx, try)
			if err == nil {
				continue
			}
		}
		if err != nil {
			return err
		}
		return a.release(ctx, w, holder, freed{key: key, seen: seen, at: claimed})
	}
	return fmt.Errorf("release orphan in %s: %w", key.Stream, errors.Join(eventlog.ErrBusy, eventlog.ErrConflict))
}

// fence makes a late append of a dead command fail. A closed account needs
// none: nothing is claimed for it any more. The stream of a user needs one only
// while it is empty: nothing but an invitation claims for it.
func (a *App) fence(ctx context.Context, w write, h holding, stream, subject string, holder uuid.UUID) error {
	var e domain.Event
	switch empty := h.revision == eventlog.NoStream; {
	case h.kind == ofDevice:
		e = device.ClaimAbandoned{Device: holder, Reservation: stream}
	case h.kind == ofAccount && empty:
		e = account.AccountCreationAbandoned{Account: holder}
	case h.kind == ofAccount && !h.closed:
		e = account.AccountClaimAbandoned{Account: holder, Reservation: stream}
	case h.kind == ofUser && empty:
		e = user.UserInvitationAbandoned{User: holder}
	default:
		return nil
	}
	_, _, err := a.append(ctx, subject, h.revision, w.once(e))
	return err
}

// holderKind is what holds a reservation, told by its stream.
type holderKind int

const (
	ofDevice holderKind = iota
	ofAccount
	ofUser
)

func holderKindOf(subject string) holderKind {
	switch {
	case strings.HasPrefix(subject, "account-"):
		return ofAccount
	case strings.HasPrefix(subject, "user-"):
		return ofUser
	}
	return ofDevice
}

// holding is what a holder's stream says about its reservations.
type holding struct {
	now, ever map[string]reservation.Kind
	revision  eventlog.Revision
	kind      holderKind
	closed    bool
	heldBy    uuid.UUID // batch that holds the device
}

func (a *App) holding(ctx context.Context, subject string) (holding, error) {
	h := holding{ever: map[string]reservation.Kind{}, revision: eventlog.NoStream, kind: holderKindOf(subject)}
	var owned device.State
	var acc account.State
	var person user.State
	for e, err := range a.log.ReadStream(ctx, subject, 0) {
		if err != nil {
			return h, fmt.Errorf("load %s: %w", subject, err)
		}
		h.revision = e.Revision
		var keys []reservation.Key
		switch h.kind {
		case ofAccount:
			acc = account.Evolve(acc, e.Event)
			keys = reservationsOfAccount(acc)
		case ofUser:
			person = user.Evolve(person, e.Event)
			keys = reservationsOfUser(person)
		case ofDevice:
			owned = device.Evolve(owned, e.Event)
			keys = reservationsOfDevice(owned)
		}
		h.now = map[string]reservation.Kind{}
		for _, k := range keys {
			h.now[k.Stream], h.ever[k.Stream] = k.Kind, k.Kind
		}
	}
	h.heldBy, h.closed = owned.HeldBy, acc.Status == account.Closed
	return h, nil
}

// uidOf is the uid in the name of a stream.
func uidOf(stream string) (uuid.UUID, bool) {
	_, id, _ := strings.Cut(stream, "-")
	uid, err := uuid.Parse(id)
	return uid, err == nil
}
