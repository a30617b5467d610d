// Package feed is the order of the feed of events, and who may be told of each. What the
// events say is read from the log when they are asked for.
//
// An item is an event, or something that falls due with a day: ServiceExpiring and
// ServiceExpired, which nobody records. Those have their place where the log marks that
// the day has begun (eventlog.DayBegun), so that the order follows from the log alone:
// it is the same after a rebuild and in a copy of the log, and the id of an item, which
// follows from the device, the end and the window, is where a reader goes on for ever.
//
// Items are numbered from 1; numbers are no part of what readers are told. An item names
// the accounts that it is about, and the right that a reader needs in one of them, or in
// every one. Items of no account are the operator's.
package feed

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain/due"
	"github.com/fleetledger/fleetledger/projections"
)

// Name is the projection's name.
const Name = "feed"

// modelVersion goes up whenever tables change, or who is told of what.
const modelVersion = 1

// Prefixes of streams whose events tell whom they concern.
const (
	accountPrefix     = "account-"
	partnershipPrefix = "partnership-"
	devicePrefix      = "device-"
	userPrefix        = "user-"
	orderPrefix       = "renewalorder-"
	transferPrefix    = "transfer-"
	planPrefix        = "transferplan-"
	releasesPrefix    = "releases-"
	noticePrefix      = "notice-"
	roundPrefix       = "noticeround-"
	cataloguePrefix   = "catalogue-"
)

// Projection declares it. The windows are those that ServiceExpiring is told of.
func Projection(windows query.Windows) projections.Projection {
	spans := make([]due.Window, len(windows))
	for i, w := range windows {
		spans[i] = due.Window{Name: w.Name, FromDay: w.FromDay, ToDay: w.ToDay}
	}
	return projections.Projection{
		Name: Name, Version: modelVersion,
		Prefixes: query.FeedStreams,
		Tables: []string{
			`CREATE TABLE head (items bigint NOT NULL, day date)`,
			`INSERT INTO head VALUES (0, NULL)`,
			`CREATE TABLE items (n bigint PRIMARY KEY, event uuid NOT NULL UNIQUE, type text NOT NULL, stream text NOT NULL, revision bigint NOT NULL,
				need text NOT NULL, accounts uuid[] NOT NULL, in_each boolean NOT NULL, device uuid, computed jsonb,
				commit_position bigint NOT NULL, prepare_position bigint NOT NULL)`,
			`CREATE TABLE told (account uuid, n bigint, PRIMARY KEY (account, n))`,
			`CREATE TABLE subjects (subject text PRIMARY KEY, accounts uuid[] NOT NULL)`,
			`CREATE TABLE devices (uid uuid PRIMARY KEY, serial_number text NOT NULL, account uuid NOT NULL, life_cycle text NOT NULL,
				service_end date NOT NULL, auto_renew boolean NOT NULL, tell_on date)`,
			`CREATE INDEX ON devices (tell_on) WHERE tell_on IS NOT NULL`, // each mark of a day looks them up
		},
		Indexes: []projections.Index{
			{SQL: `CREATE INDEX ON items (device, n) WHERE device IS NOT NULL`},
		},
		Apply: func(ctx context.Context, tx pgx.Tx, events []eventlog.Recorded) error {
			return apply(ctx, tx, spans, events)
		},
	}
}

// item is a row to write.
type item struct {
	event            uuid.UUID
	kind, stream     string
	revision         eventlog.Revision
	audience         audience
	device           uuid.UUID // uuid.Nil: none
	computed         []byte
	commit, prepared int64
}

// work is what a batch does.
type work struct {
	tx       pgx.Tx
	windows  []due.Window
	devices  *devices
	subjects *subjects
	items    []item
}

func apply(ctx context.Context, tx pgx.Tx, windows []due.Window, events []eventlog.Recorded) error {
	w := &work{tx: tx, windows: windows, devices: newDevices(), subjects: newSubjects()}
	var day *int32
	if err := tx.QueryRow(ctx, `SELECT day - '1970-01-01' FROM head`).Scan(&day); err != nil {
		return fmt.Errorf("read the head: %w", err)
	}
	if day != nil {
		w.devices.day = dateOf(*day)
	}
	// A mark of a day asks for the devices as they are then, so what is before it is
	// written first.
	for len(events) > 0 {
		n := 0
		for n < len(events) && events[n].Stream != eventlog.DaysStream {
			n++
		}
		if err := w.add(ctx, events[:n]); err != nil {
			return err
		}
		if n < len(events) {
			if err := w.begin(ctx, events[n]); err != nil {
				return err
			}
			n++
		}
		events = events[n:]
	}
	return w.write(ctx)
}

// add makes an item of each event.
func (w *work) add(ctx context.Context, events []eventlog.Recorded) error {
	if len(events) == 0 {
		return nil
	}
	for _, e := range events {
		if uid, ok := strings.CutPrefix(e.Stream, devicePrefix); ok {
			parsed, err := uuid.Parse(uid)
			if err != nil {
				return fmt.Errorf("stream %s: no uid in the name: %w", e.Stream, err)
			}
			w.devices.want(parsed)
		} else {
			w.subjects.want(e)
		}
	}
	if err := w.devices.load(ctx, w.tx); err != nil {
		return err
	}
	if err := w.subjects.load(ctx, w.tx); err != nil {
		return err
	}
	for _, e := range events {
		i := item{
			event: e.ID, kind: e.Event.EventType(), stream: e.Stream, revision: e.Revision,
			commit: int64(e.Position.Commit), prepared: int64(e.Position.Prepare),
		}
		if uid, ok := strings.CutPrefix(e.Stream, devicePrefix); ok {
			i.device = uuid.MustParse(uid) // it was parsed above
			i.audience = w.devices.fold(i.device, e.Event)
		} else {
			i.audience = w.subjects.audience(e)
		}
		w.items = append(w.items, i)
	}
	return w.devices.write(ctx, w.tx, w.windows)
}
