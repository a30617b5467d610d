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
// none any more. Of an Unreadable one the key was lost: what this one does not open
// was sealed with that.
type PersonKey struct {
	Key        []byte
	Erased     bool
	Unreadable bool
}

// LostPerson is somebody whose data in the log nobody can read.
type LostPerson struct {
	Person  uuid.UUID
	Streams []string // with events that name the person
	Events  int      // that cannot be read
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
	// GiveUp makes a new key for a person whose key is lost, and remembers the
	// streams that name the person, and that older data cannot be read. It changes
	// nothing about an erased person.
	GiveUp(ctx context.Context, person uuid.UUID, streams []string) error
	// Erase destroys a person's key, for good. An unknown person is erased in
	// advance.
	Erase(ctx context.Context, person uuid.UUID) error
}

// KeptAnswers are answers to requests, kept for their repeats.
type KeptAnswers interface {
	// Erase drops the answers that tell of a person who is being erased, so that a
	// repeat is neither answered with them nor carried out again. told are the names
	// and addresses that the person ever had, as far as they can still be read.
	Erase(ctx context.Context, person uuid.UUID, told []string) error
}
