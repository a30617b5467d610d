package eventlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/codec"
)

// LogOpened is the first event this service writes to a log. It gives the log
// an identity: positions of one log mean nothing in another, so checkpoints
// say whose they are. It is also the name of the log's first epoch.
type LogOpened struct {
	Log uuid.UUID `json:"log"`
}

// EventType is the name in the log.
func (LogOpened) EventType() string { return "LogOpened" }

// LogRestored begins another epoch: the log was set back to an earlier state by
// a restore, so positions and revisions after that state were given out that
// other events have, or will have.
type LogRestored struct {
	Epoch uuid.UUID `json:"epoch"`
}

// EventType is the name in the log.
func (LogRestored) EventType() string { return "LogRestored" }

var identityCodec = codec.NewRegistry(codec.Of[LogOpened](), codec.Of[LogRestored]())

// IdentityStream has the events that name a log, and nothing else. They are of that
// one log: no projection, feed, proof or copy of the log takes part in them.
const IdentityStream = "fleetledger-log"

// Identity says which log this is.
type Identity struct {
	Source string // since its first event, in checkpoints
	Epoch  Epoch  // since it was last restored, in what clients hold on to
}

// Identify gives the identity of the log, and opens a new log with one. Any number
// of instances may ask at once.
func Identify(ctx context.Context, log Log, clock Clock) (Identity, error) {
	for range 2 {
		known, _, err := readIdentity(ctx, log)
		if err != nil || known.Source != "" {
			return known, err
		}
		opened := identityEvent(clock, LogOpened{Log: uuid.New()})
		if _, _, err := log.Append(ctx, IdentityStream, NoStream, opened); err != nil && !errors.Is(err, ErrConflict) {
			return Identity{}, fmt.Errorf("identity of the log: %w", err)
		}
	}
	return Identity{}, fmt.Errorf("identity of the log: stream %s holds something else", IdentityStream)
}

// TakeNewEpoch begins another epoch of a log that was set back to an earlier state.
// A restore calls it once the events are there, before anybody is served from them.
// Called again, as after a crash in the middle, it takes yet another one, which does
// no harm.
func TakeNewEpoch(ctx context.Context, log Log, clock Clock) (Epoch, error) {
	known, err := Identify(ctx, log, clock)
	if err != nil {
		return known.Epoch, err
	}
	for {
		_, last, err := readIdentity(ctx, log)
		if err != nil {
			return Epoch{}, err
		}
		restored := LogRestored{Epoch: uuid.New()}
		_, _, err = log.Append(ctx, IdentityStream, last, identityEvent(clock, restored))
		if err == nil {
			return LaterEpoch(restored.Epoch), nil
		}
		if !errors.Is(err, ErrConflict) {
			return Epoch{}, fmt.Errorf("take a new epoch: %w", err)
		}
	}
}

// readIdentity gives what the log says of itself, with an empty source where it was
// not opened yet.
func readIdentity(ctx context.Context, log Log) (Identity, Revision, error) {
	known, last := Identity{}, NoStream
	for e, err := range log.ReadStream(ctx, IdentityStream, 0) {
		if err != nil {
			return known, last, fmt.Errorf("identity of the log: %w", err)
		}
		last = e.Revision
		switch e := e.Event.(type) {
		case LogOpened:
			if known.Source == "" {
				known = Identity{e.Log.String(), FirstEpoch(e.Log)}
			}
		case LogRestored:
			known.Epoch = LaterEpoch(e.Epoch)
		}
	}
	return known, last, nil
}

func identityEvent(clock Clock, e domain.Event) NewEvent {
	return NewEvent{ID: uuid.New(), Event: e, Metadata: Metadata{
		SchemaVersion: 1, OccurredAt: clock.Now(), Actor: domain.Actor{Kind: domain.ActorSystem, ID: "source"},
	}}
}
