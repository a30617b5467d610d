package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
)

type replayCmd struct {
	Device replayDeviceCmd `cmd:"" help:"A device's whole history from its stream, its folded state last."`
}

type replayDeviceCmd struct {
	Serial string `arg:"" help:"Serial number or UID."`
	AsOf   asOf   `help:"Only what had happened by this instant (RFC 3339), or by the end of a date." placeholder:"T"`
	JSON   bool   `help:"As JSON lines." name:"json"`
}

// asOf is an instant to look back to, as the API reads it.
type asOf struct{ time.Time }

// UnmarshalText says what it wants where a text is neither of both.
func (a *asOf) UnmarshalText(text []byte) (err error) {
	a.Time, _, err = calendar.ParseInstant(string(text))
	return err
}

// replayed is one line of the JSON form: an event, or at last the state.
type replayed struct {
	Revision   eventlog.Revision `json:"revision"`
	ID         uuid.UUID         `json:"id"`
	Type       string            `json:"type"`
	RecordedAt time.Time         `json:"recordedAt"`
	OccurredAt time.Time         `json:"occurredAt"`
	Actor      domain.Actor      `json:"actor"`
	Reason     string            `json:"reason,omitempty"`
	Data       domain.Event      `json:"data"`
}

// Run reads the log itself, never a read model.
func (r replayDeviceCmd) Run(ctx context.Context, cfg *Config, c console) error {
	uid, err := r.uid()
	if err != nil {
		return err
	}
	s, err := attachService(ctx, cfg, quiet())
	if err != nil {
		return err
	}
	defer func() { _ = s.close(context.WithoutCancel(ctx)) }()
	state, found := device.State{}, false
	lines := json.NewEncoder(c.out)
	var times eventlog.Times
	for e, err := range s.log.ReadStream(ctx, device.Aggregate.Stream(uid), 0) {
		if err != nil {
			return err
		}
		e.Metadata.OccurredAt = times.Next(e)
		if !r.AsOf.IsZero() && e.Metadata.OccurredAt.After(r.AsOf.Time) {
			break
		}
		state, found = device.Evolve(state, e.Event), true
		if err := r.print(c, lines, e); err != nil {
			return err
		}
	}
	switch {
	case !found && !r.AsOf.IsZero():
		return errors.New("nothing had happened to this device by " + r.AsOf.Format(time.RFC3339Nano))
	case !found:
		return errors.New("nothing is recorded of this device")
	}
	if r.JSON {
		return lines.Encode(map[string]device.State{"state": state})
	}
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "state\n%s\n", text)
	return err
}

func (r replayDeviceCmd) print(c console, lines *json.Encoder, e eventlog.Recorded) error {
	line := replayed{
		Revision: e.Revision, ID: e.ID, Type: e.Event.EventType(), RecordedAt: e.RecordedAt,
		OccurredAt: e.Metadata.OccurredAt, Actor: e.Metadata.Actor, Reason: e.Metadata.Reason, Data: e.Event,
	}
	if r.JSON {
		return lines.Encode(line)
	}
	data, err := json.Marshal(line.Data)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%d  %s  %s  by %s %s\n   %s\n",
		line.Revision, line.OccurredAt.UTC().Format(time.RFC3339), line.Type, line.Actor.Kind, line.Actor.ID, data)
	return err
}

func (r replayDeviceCmd) uid() (uuid.UUID, error) {
	if uid, err := uuid.Parse(r.Serial); err == nil {
		return uid, nil
	}
	serial, problems := device.NormaliseSerial(r.Serial)
	if len(problems) > 0 {
		return uuid.Nil, errors.New(problems[0].Detail)
	}
	return device.UID(serial), nil
}
