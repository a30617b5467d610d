package ports

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Errors of the PersonKeys port. Implementations wrap them.
var (
	// ErrKeysUnavailable: the keys cannot be asked for now, and without them
	// the log can neither be read nor written where it names people. What goes
	// for the log then goes for them.
	ErrKeysUnavailable = fmt.Errorf("the keys of personal data do not answer: %w", eventlog.ErrUnavailable)
	// ErrKeyLost: the log holds data of a person who was never erased, and
	// there is no key that opens it. It must stop whoever reads: taking the
	// person for an erased one would hide that keys were lost.
	ErrKeyLost = errors.New("the key of a person who was never erased is missing or wrong")
)

// PersonKey is what the data of one person is sealed with. An erased person has
// none any more.
type PersonKey struct {
	Key    []byte
	Erased bool
}

// PersonKeys keeps a key per person, outside the log, so that destroying it
// makes all that was ever recorded of the person unreadable.
type PersonKeys interface {
	// Use gives the key to seal a person's data with that is about to be
	// appended to a stream, and remembers that the stream names the person.
	// The first use makes the key. An erased person stays erased.
	Use(ctx context.Context, person uuid.UUID, stream string) (PersonKey, error)
	// Find gives the keys of those persons that have one or were erased; a
	// person it leaves out has lost it. What it tells may be some seconds old.
	Find(ctx context.Context, persons []uuid.UUID) (map[uuid.UUID]PersonKey, error)
	// NamedIn gives the streams that may name a person, none for an unknown one.
	NamedIn(ctx context.Context, person uuid.UUID) ([]string, error)
	// Erase destroys a person's key, for good. An unknown person is erased in
	// advance.
	Erase(ctx context.Context, person uuid.UUID) error
}
