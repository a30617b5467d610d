package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/codec"
)

// DayBegun marks in the log that a day (UTC) has begun, and with it all days since the
// mark before. It says nothing else. What falls due with a day has its place in the order
// of all events there, the same in each copy of the log and after each rebuild.
type DayBegun struct {
	Day calendar.Date `json:"day"`
}

// EventType is the name in the log.
func (DayBegun) EventType() string { return "DayBegun" }

var dayCodec = codec.NewRegistry(codec.Of[DayBegun]())

// DaysStream has the marks of days, and nothing else.
const DaysStream = "days"

// daySpace makes the ids of marks.
var daySpace = uuid.MustParse("9d0e5cf2-4c0f-5b3c-8f0d-63c1c2f3a5d7")

// BeginDay marks the day of an instant, unless that or a later one is marked. Any number
// of instances may do it at once. It gives the position of a mark that it made.
func BeginDay(ctx context.Context, log Log, at time.Time) (Position, error) {
	day := calendar.DateOf(at)
	last, found, err := log.ReadLast(ctx, DaysStream)
	if err != nil {
		return Position{}, fmt.Errorf("begin the day %s: %w", day, err)
	}
	expected := NoStream
	if found {
		expected = last.Revision
		if mark, ok := last.Event.(DayBegun); ok && mark.Day >= day {
			return Position{}, nil
		}
	}
	_, made, err := log.Append(ctx, DaysStream, expected, NewEvent{
		ID: uuid.NewSHA1(daySpace, []byte(day.String())), Event: DayBegun{day},
		Metadata: Metadata{SchemaVersion: 1, OccurredAt: at, Actor: domain.Actor{Kind: domain.ActorSystem, ID: "days"}},
	})
	if errors.Is(err, ErrConflict) {
		return Position{}, nil // another instance has marked it
	}
	if err != nil {
		return Position{}, fmt.Errorf("begin the day %s: %w", day, err)
	}
	return made, nil
}
