package main

import (
	"context"
	"fmt"
	"iter"

	"github.com/fleetledger/fleetledger/adapters/postgres"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/reservation"
	"github.com/fleetledger/fleetledger/domain/user"
	"github.com/fleetledger/fleetledger/projections"
)

// keyedNames is the version of the tables whose programs know addresses by keyed names.
// As long as the database lets older ones run, addresses are claimed by both names. A
// later migration that raises ops.compatibility this far has to see that app's Reserved
// has followed the log to its end before.
const keyedNames = 52

// names are those of streams of personal values. A log that has no persons yet never
// gets any by their hash.
func (s *stores) names(ctx context.Context) (reservation.Names, error) {
	key, err := s.ring.Key(ctx, "reservations")
	if err != nil {
		return reservation.Names{}, err
	}
	oldest, err := postgres.Oldest(ctx, s.pool)
	if err != nil {
		return reservation.Names{}, err
	}
	if oldest < keyedNames && unusedLog(ctx, s.log) {
		if err := postgres.RaiseOldest(ctx, s.pool, keyedNames); err != nil {
			return reservation.Names{}, err
		}
		oldest = keyedNames
	}
	return reservation.Names{Key: key, Former: oldest < keyedNames}, nil
}

// unusedLog reports whether a log has neither accounts nor users. One that cannot be read,
// or that has an event which cannot be opened, may have some.
func unusedLog(ctx context.Context, log eventlog.Log) bool {
	next, stop := iter.Pull2(log.ReadAll(ctx, eventlog.Position{}, account.Aggregate.Prefix(), user.Aggregate.Prefix()))
	defer stop()
	_, _, some := next()
	return !some
}

// finishUpgrade keeps versions before off for good, once all that they have claimed by
// the hash of an address is claimed by its keyed name.
func finishUpgrade(ctx context.Context, e *engine) error {
	all, err := e.runner.Status(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Name != e.app.Reserved.Name() {
			continue
		}
		if s.State != projections.Running || s.Behind != 0 {
			return fmt.Errorf("%s has not followed the log to its end (%s, %d events to come): let the service run, then try again", s.Name, s.State, s.Behind)
		}
		return postgres.RaiseOldest(ctx, e.pool, keyedNames)
	}
	return fmt.Errorf("%s has not followed the log yet: start the service, then try again", e.app.Reserved.Name())
}
