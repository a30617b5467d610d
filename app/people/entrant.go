package people

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/rights"
	"github.com/fleetledger/fleetledger/domain/user"
)

// WhoIs is a user, and whether the user may enter.
func (s *Service) WhoIs(ctx context.Context, uid uuid.UUID) (u user.State, enters bool, err error) {
	e, err := s.entrant(ctx, uid)
	return e.user.State, err == nil && e.enters(), err
}

// entrant is a user with the account, which decides whether the user may enter.
type entrant struct {
	user    eventlog.Loaded[user.State]
	account account.State
	now     time.Time
}

// enters reports whether the user may use the account. The account decides: the
// user's own stream follows it. Whoever was erased in either never enters again.
func (e entrant) enters() bool {
	u, acc := e.user.State, e.account
	joined := u.Status == user.Active || u.Status == user.Deactivated
	return joined && !u.Erased && !u.Person.IsErased() && acc.LetsIn(u.UID, e.now)
}

func (s *Service) entrant(ctx context.Context, uid uuid.UUID) (entrant, error) {
	u, err := s.user(ctx, uid)
	if err != nil {
		return entrant{}, err
	}
	acc, err := s.account(ctx, u.State.Account)
	return entrant{user: u, account: acc.State, now: s.now()}, err
}

// entrantWithEmail finds the user with an e-mail address by the reservation of
// it. It reads as much for nobody as for somebody. Whoever has only asked for the
// address is nobody.
func (s *Service) entrantWithEmail(ctx context.Context, key string) (entrant, error) {
	var last reservation.Reserved
	for _, held := range s.executor.Limits.Names.InLog([]reservation.Held{{Key: reservation.Unique(reservation.Email, key)}}) {
		found, err := s.holderOf(ctx, held.Key.Stream)
		if err != nil {
			return entrant{}, err
		}
		if last.Holder == uuid.Nil { // else by its name of before, too
			last = found
		}
	}
	return s.entrantOf(ctx, last, func(own string) bool { return own == key })
}

// entrantHolding is entrantWithEmail for the name of the reservation in the log.
func (s *Service) entrantHolding(ctx context.Context, name string) (entrant, error) {
	last, err := s.holderOf(ctx, name)
	if err != nil {
		return entrant{}, err
	}
	return s.entrantOf(ctx, last, func(own string) bool {
		stream := reservation.Unique(reservation.Email, own).Stream
		return name == stream || name == s.executor.Limits.Names.Keyed(stream)
	})
}

// entrantOf is whoever has claimed an e-mail address, if it is theirs.
func (s *Service) entrantOf(ctx context.Context, claim reservation.Reserved, theirs func(key string) bool) (entrant, error) {
	holder := claim.Holder
	acc, err := s.account(ctx, holder)
	if err != nil {
		return entrant{}, err
	}
	if _, ok := account.Aggregate.UID(claim.Subject); ok { // an account holds the address of its first administrator
		holder = acc.State.Administrator.ID
	}
	e, err := s.entrant(ctx, holder)
	if err == nil && !theirs(emailKey(e.user.State.Person.Email)) {
		// An address that waits to be confirmed, or one from before that is not released yet.
		return entrant{}, nil
	}
	return e, err
}

// holderOf gives the last claim in the stream of a unique value, the zero one when that
// is free.
func (s *Service) holderOf(ctx context.Context, stream string) (last reservation.Reserved, err error) {
	for e, err := range s.executor.Log.ReadStream(ctx, stream, 0) {
		if err != nil {
			return last, fmt.Errorf("load %s: %w", stream, err)
		}
		switch event := e.Event.(type) {
		case reservation.Reserved:
			last = event
		case reservation.Released:
			last = reservation.Reserved{}
		}
	}
	return last, nil
}

// caller is the user as a caller with the rights of this moment,
// query.ErrNotFound for one who may not enter.
func (e entrant) caller() (access.Caller, error) {
	if !e.enters() {
		return access.Caller{}, query.ErrNotFound
	}
	u := e.user.State
	c := access.Caller{
		Actor:         domain.Actor{Kind: domain.ActorUser, ID: u.UID.String(), Account: u.Account},
		Administrator: e.account.Administers(u.UID),
	}
	c.Rights = profileRights(e.account, u.Profiles)
	if c.Administrator {
		c.Rights = rights.Administrator()
	}
	return c.Knowing(e.account), nil
}
