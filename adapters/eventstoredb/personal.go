package eventstoredb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/adapters/sealing"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/ports"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
)

// Personal data is sealed on its way into the log and opened on its way out.
// What the store keeps of a person is this.
type sealedPerson struct {
	ID uuid.UUID `json:"id"`
	// Sealed is the person as JSON, sealed with the person's key and bound to
	// the id. It is missing in events that were written before this was done.
	Sealed []byte `json:"sealed,omitempty"`
}

// sealedEvent takes the place of an event that names people until it is
// opened: the keys of a whole batch are asked for at once.
type sealedEvent struct {
	name    string
	version int
	members map[string]json.RawMessage
	persons map[string]sealedPerson // by member
}

func (e sealedEvent) EventType() string { return e.name }

// errNoKeys: the Store was opened without Options.Persons.
var errNoKeys = errors.New("there are no keys for personal data")

// seal gives the form in which an event's JSON is kept.
func (s *Store) seal(ctx context.Context, stream, name string, data []byte) ([]byte, error) {
	personal := eventlog.Codec.Personal(name)
	if len(personal) == 0 {
		return data, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	for _, member := range personal {
		plain, ok := members[member]
		if !ok {
			continue
		}
		sealed, err := s.sealPerson(ctx, stream, plain)
		if err != nil {
			return nil, fmt.Errorf("seal %s: %w", member, err)
		}
		members[member] = sealed
	}
	return json.Marshal(members)
}

func (s *Store) sealPerson(ctx context.Context, stream string, plain json.RawMessage) (json.RawMessage, error) {
	var person account.Person
	if err := json.Unmarshal(plain, &person); err != nil {
		return nil, err
	}
	switch {
	case person == account.Person{}:
		return plain, nil // nobody
	case person.ID == uuid.Nil:
		return nil, errors.New("the person has no id")
	case s.options.Persons == nil:
		return nil, errNoKeys
	}
	key, err := s.options.Persons.Use(ctx, person.ID, stream)
	if err != nil {
		return nil, err
	}
	if key.Erased { // an event that was under way: nobody will open it
		key.Key = sealing.NewKey()
	}
	kept := sealedPerson{ID: person.ID}
	if kept.Sealed, err = sealing.Seal(key.Key, plain, person.ID[:]); err != nil {
		return nil, err
	}
	return json.Marshal(kept)
}

// decodePersonal decodes an event that may name people, to a sealedEvent when
// there is anything to open.
func decodePersonal(name string, version int, data []byte, personal []string) (sealedEvent, bool, error) {
	e := sealedEvent{name: name, version: version, persons: map[string]sealedPerson{}}
	if err := json.Unmarshal(data, &e.members); err != nil {
		return e, false, err
	}
	for _, member := range personal {
		var p sealedPerson
		if raw, ok := e.members[member]; !ok {
			continue
		} else if err := json.Unmarshal(raw, &p); err != nil {
			return e, false, err
		}
		if p.Sealed != nil {
			e.persons[member] = p
		}
	}
	return e, len(e.persons) > 0, nil
}

// open opens what is sealed in the events, in place. It gives how many events,
// from the first, can be read; fewer than all only with an error.
func (s *Store) open(ctx context.Context, events []eventlog.Recorded) (int, error) {
	var persons []uuid.UUID
	for _, r := range events {
		if e, ok := r.Event.(sealedEvent); ok {
			for _, p := range e.persons {
				persons = append(persons, p.ID)
			}
		}
	}
	if len(persons) == 0 {
		return len(events), nil
	}
	if s.options.Persons == nil {
		return 0, unreadableError{errNoKeys}
	}
	keys, err := s.options.Persons.Find(ctx, persons)
	if err != nil {
		return 0, err
	}
	for i := range events {
		e, ok := events[i].Event.(sealedEvent)
		if !ok {
			continue
		}
		if events[i].Event, err = e.open(keys); err != nil {
			return i, unreadableError{fmt.Errorf("event %d of %s: %w", events[i].Revision, events[i].Stream, err)}
		}
	}
	return len(events), nil
}

func (e sealedEvent) open(keys map[uuid.UUID]ports.PersonKey) (domain.Event, error) {
	for member, p := range e.persons {
		plain, err := p.open(keys)
		if err != nil {
			return nil, fmt.Errorf("person %s: %w", p.ID, err)
		}
		e.members[member] = plain
	}
	data, err := json.Marshal(e.members)
	if err != nil {
		return nil, err
	}
	return eventlog.Codec.Decode(e.name, e.version, data)
}

func (p sealedPerson) open(keys map[uuid.UUID]ports.PersonKey) (json.RawMessage, error) {
	key, ok := keys[p.ID]
	switch {
	case !ok:
		return nil, p.lost(ports.ErrKeyLost)
	case key.Erased:
		return json.Marshal(account.Person{ID: p.ID}.Erase())
	}
	plain, err := sealing.Open(key.Key, p.Sealed, p.ID[:])
	switch {
	case err == nil:
		return plain, nil
	case key.Unreadable:
		return json.Marshal(account.Person{ID: p.ID}.Hide())
	}
	return nil, p.lost(fmt.Errorf("%w: %w", ports.ErrKeyLost, err))
}

// lost says what helps.
func (p sealedPerson) lost(err error) error {
	return fmt.Errorf("%w; if no backup has it, \"fleetledger persons unreadable %s\" goes on without this person's name and address", err, p.ID)
}
