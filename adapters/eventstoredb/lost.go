package eventstoredb

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/audit"
	noticed "github.com/fleetledger/fleetledger/domain/notice"
	"github.com/fleetledger/fleetledger/domain/user"
)

// namingStreams are the prefixes of the streams whose events name people.
var namingStreams = []string{
	account.Aggregate.Prefix(), audit.Aggregate.Prefix(), noticed.RoundAggregate.Prefix(), user.Aggregate.Prefix(),
}

// leftSealed is an event that names people and is not to be opened with the others.
type leftSealed struct{ sealedEvent }

// decodeSealed decodes what names people only, and that as it is kept.
func decodeSealed(e *esdb.RecordedEvent) (eventlog.Recorded, error) {
	r := eventlog.Recorded{Stream: e.StreamID, Position: position(e)}
	personal := eventlog.Codec.Personal(e.EventType)
	if len(personal) == 0 {
		return r, nil
	}
	sealed, _, err := decodePersonal(e.EventType, 0, e.Data, personal)
	r.Event = leftSealed{sealed}
	return r, err
}

// Lost looks through the whole log for persons whose data cannot be read, though
// they were not erased and nobody has given their data up.
func (s *Store) Lost(ctx context.Context) ([]ports.LostPerson, error) {
	const what = "look for persons whose key is lost"
	end, err := s.end(ctx, what)
	if err != nil || end == (eventlog.Position{}) {
		return nil, err
	}
	lost := map[uuid.UUID]*ports.LostPerson{}
	var failure error
	err = s.yieldLog(ctx, eventlog.Position{}, end, FollowOptions{Name: "read", Prefixes: namingStreams, decode: decodeSealed},
		func(r eventlog.Recorded, _ error) bool {
			if e, ok := r.Event.(leftSealed); ok {
				failure = s.addLost(ctx, lost, r.Stream, e.sealedEvent)
			}
			return failure == nil
		})
	if err := errors.Join(failure, err); err != nil {
		return nil, failed(ctx, what, err)
	}
	all := make([]ports.LostPerson, 0, len(lost))
	for _, person := range slices.SortedFunc(maps.Keys(lost), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }) {
		all = append(all, *lost[person])
	}
	return all, nil
}

// addLost notes the persons that an event names and that cannot be read in it.
func (s *Store) addLost(ctx context.Context, lost map[uuid.UUID]*ports.LostPerson, stream string, e sealedEvent) error {
	for _, p := range e.persons {
		keys, err := s.options.Persons.Find(ctx, []uuid.UUID{p.ID})
		if err != nil {
			return err
		}
		if _, err := p.open(keys); !errors.Is(err, ports.ErrKeyLost) {
			continue
		}
		person := lost[p.ID]
		if person == nil {
			person = &ports.LostPerson{Person: p.ID}
			lost[p.ID] = person
		}
		person.Events++
		if !slices.Contains(person.Streams, stream) {
			person.Streams = append(person.Streams, stream)
		}
	}
	return nil
}
