package eventlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
)

// LogOpened is the first event this service writes to a log. It gives the log
// an identity: positions of one log mean nothing in another, so checkpoints
// say whose they are.
type LogOpened struct {
	Log uuid.UUID `json:"log"`
}

// EventType is the name in the log.
func (LogOpened) EventType() string { return "LogOpened" }

const sourceStream = "fleetledger-log"

// Source gives the identity of the log, and opens a new log with one. Any
// number of instances may ask at once.
func Source(ctx context.Context, log Log, clock Clock) (string, error) {
	for range 2 {
		for e, err := range log.ReadStream(ctx, sourceStream, 0) {
			if err != nil {
				return "", fmt.Errorf("identity of the log: %w", err)
			}
			if opened, ok := e.Event.(LogOpened); ok {
				return opened.Log.String(), nil
			}
		}
		opened := NewEvent{ID: uuid.New(), Event: LogOpened{Log: uuid.New()}, Metadata: Metadata{
			SchemaVersion: 1, OccurredAt: clock.Now(), Actor: domain.Actor{Kind: domain.ActorSystem, ID: "source"},
		}}
		if _, _, err := log.Append(ctx, sourceStream, NoStream, opened); err != nil && !errors.Is(err, ErrConflict) {
			return "", fmt.Errorf("identity of the log: %w", err)
		}
	}
	return "", fmt.Errorf("identity of the log: stream %s holds something else", sourceStream)
}
