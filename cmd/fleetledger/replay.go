package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/aggregate"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/partnership"
	"github.com/fleetledger/fleetledger/domain/transfer"
)

type replayCmd struct {
	Device      replayDeviceCmd      `cmd:"" help:"A device's whole history from its stream, its folded state last."`
	Account     replayAccountCmd     `cmd:"" help:"The same of an account."`
	Partnership replayPartnershipCmd `cmd:"" help:"The same of a partnership."`
	Transfer    replayTransferCmd    `cmd:"" help:"The same of a transfer; what it did to devices is in theirs."`
}

// replayOptions are those of each replay.
type replayOptions struct {
	AsOf asOf `help:"Only what had happened by this instant (RFC 3339), or by the end of a date." placeholder:"T"`
	JSON bool `help:"As JSON lines." name:"json"`
}

type replayDeviceCmd struct {
	Serial string `arg:"" help:"Serial number or UID."`
	replayOptions
}

// Run replays the device.
func (r replayDeviceCmd) Run(ctx context.Context, cfg *Config, c console) error {
	uid, err := deviceUID(r.Serial)
	if err != nil {
		return err
	}
	return replay(ctx, cfg, c, device.Aggregate, uid, "device", r.replayOptions)
}

type replayAccountCmd struct {
	UID uuid.UUID `arg:"" name:"uid" help:"The account's UID."`
	replayOptions
}

// Run replays the account.
func (r replayAccountCmd) Run(ctx context.Context, cfg *Config, c console) error {
	return replay(ctx, cfg, c, account.Aggregate, r.UID, "account", r.replayOptions)
}

type replayPartnershipCmd struct {
	UID uuid.UUID `arg:"" name:"uid" help:"The partnership's UID."`
	replayOptions
}

// Run replays the partnership.
func (r replayPartnershipCmd) Run(ctx context.Context, cfg *Config, c console) error {
	return replay(ctx, cfg, c, partnership.Aggregate, r.UID, "partnership", r.replayOptions)
}

type replayTransferCmd struct {
	ID uuid.UUID `arg:"" name:"id" help:"The transfer's id."`
	replayOptions
}

// Run replays the transfer.
func (r replayTransferCmd) Run(ctx context.Context, cfg *Config, c console) error {
	return replay(ctx, cfg, c, transfer.Aggregate, r.ID, "transfer", r.replayOptions)
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

// replay reads the log itself, never a read model.
func replay[S any](ctx context.Context, cfg *Config, c console, of aggregate.Aggregate[S], uid uuid.UUID, what string, o replayOptions) error {
	s, err := attachService(ctx, cfg, quiet())
	if err != nil {
		return err
	}
	defer func() { _ = s.close(context.WithoutCancel(ctx)) }()
	state, found := of.New(uid), false
	lines := json.NewEncoder(c.out)
	var times eventlog.Times
	for e, err := range s.log.ReadStream(ctx, of.Stream(uid), 0) {
		if err != nil {
			return err
		}
		e.Metadata.OccurredAt = times.Next(e)
		if !o.AsOf.IsZero() && e.Metadata.OccurredAt.After(o.AsOf.Time) {
			break
		}
		state, found = of.Evolve(state, e.Event), true
		if err := o.print(c, lines, e); err != nil {
			return err
		}
	}
	switch {
	case !found && !o.AsOf.IsZero():
		return fmt.Errorf("nothing had happened to this %s by %s", what, o.AsOf.Format(time.RFC3339Nano))
	case !found:
		return fmt.Errorf("nothing is recorded of this %s", what)
	}
	if o.JSON {
		return lines.Encode(map[string]S{"state": state})
	}
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "state\n%s\n", text)
	return err
}

func (o replayOptions) print(c console, lines *json.Encoder, e eventlog.Recorded) error {
	line := replayed{
		Revision: e.Revision, ID: e.ID, Type: e.Event.EventType(), RecordedAt: e.RecordedAt,
		OccurredAt: e.Metadata.OccurredAt, Actor: e.Metadata.Actor, Reason: e.Metadata.Reason, Data: e.Event,
	}
	if o.JSON {
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
