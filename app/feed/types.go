package feed

import (
	"maps"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain/batch"
	"github.com/fleetledger/fleetledger/domain/codec"
	"github.com/fleetledger/fleetledger/domain/due"
	"github.com/fleetledger/fleetledger/domain/release"
	"github.com/fleetledger/fleetledger/domain/reservation"
)

// Types are the types of events that are told: recorded ones, and those that fall due.
// What the service notes for itself is not told: reservations, holds of batches, where
// requests went, the log's identity and its days.
func Types() (recorded, fallenDue codec.Registry) {
	recorded = maps.Clone(eventlog.Codec)
	for _, own := range []codec.Registry{reservation.Codec, batch.Codec, eventlog.Own} {
		for name := range own {
			delete(recorded, name)
		}
	}
	delete(recorded, release.ReleaseAddressed{}.EventType())
	return recorded, due.Codec
}
