package feed

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/calendar"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/domain/due"
	"github.com/fleetledger/fleetledger/domain/rights"
)

// devices are those that a batch is about: of their states what tells whose they are and
// when their services end.
type devices struct {
	day     calendar.Date // the last that was marked; zero: none
	wanted  [][16]byte
	states  map[uuid.UUID]device.State
	changed map[uuid.UUID]bool // whether other things are to be told of it
}

func newDevices() *devices {
	return &devices{states: map[uuid.UUID]device.State{}, changed: map[uuid.UUID]bool{}}
}

func (d *devices) want(uid uuid.UUID) {
	if _, known := d.states[uid]; !known {
		d.states[uid] = device.State{UID: uid}
		d.wanted = append(d.wanted, uid)
	}
}

func (d *devices) load(ctx context.Context, tx pgx.Tx) error {
	if len(d.wanted) == 0 {
		return nil
	}
	rows, _ := tx.Query(ctx, `SELECT uid, serial_number, account, life_cycle, service_end - '1970-01-01', auto_renew FROM devices WHERE uid = ANY ($1)`, d.wanted)
	var s device.State
	var end int32
	_, err := pgx.ForEachRow(rows, []any{&s.UID, &s.SerialNumber, &s.Account, &s.LifeCycle, &end, &s.Service.AutoRenew}, func() error {
		s.Service.End = dateOf(end)
		d.states[s.UID] = s
		return nil
	})
	if err != nil {
		return fmt.Errorf("load devices: %w", err)
	}
	d.wanted = nil
	return nil
}

// fold takes an event of a device, and gives who is told: who has the device, and who
// had it before.
func (d *devices) fold(uid uuid.UUID, e domain.Event) audience {
	before := d.states[uid]
	after := device.Evolve(before, e)
	d.states[uid] = device.State{
		UID: uid, SerialNumber: after.SerialNumber, Account: after.Account, LifeCycle: after.LifeCycle,
		Service: device.Service{End: after.Service.End, AutoRenew: after.Service.AutoRenew},
	}
	if after.Exists() {
		// Each event counts, not what a batch comes to: an end that went and came back is
		// looked at anew, however the log is cut.
		d.changed[uid] = d.changed[uid] || due.Changed(before, after)
	}
	return audience{need: rights.DevicesRead, accounts: accountsOf(before.Account, after.Account)}
}

// write keeps the devices that have changed, and on which day the next thing is to be
// told of each.
func (d *devices) write(ctx context.Context, tx pgx.Tx, windows []due.Window) error {
	if len(d.changed) == 0 {
		return nil
	}
	var uids, accounts [][16]byte
	var serials, lives []string
	var ends, days []int32
	var renew, others []bool
	for uid, other := range d.changed {
		s := d.states[uid]
		uids, accounts, serials, lives = append(uids, uid), append(accounts, s.Account), append(serials, s.SerialNumber), append(lives, string(s.LifeCycle))
		ends, renew, others = append(ends, int32(s.Service.End)), append(renew, s.Service.AutoRenew), append(others, other)
		days = append(days, int32(due.Next(due.Tellings(s, windows), d.day)))
	}
	clear(d.changed)
	// What was to be told next stays so where nothing else is: a device with a new name is
	// not told of again.
	_, err := tx.Exec(ctx, `INSERT INTO devices (uid, serial_number, account, life_cycle, service_end, auto_renew, tell_on)
		SELECT u, s, a, l, date '1970-01-01' + e, r, CASE WHEN NOT o THEN 'infinity' WHEN t <> 0 THEN date '1970-01-01' + t END
		FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::int[], $6::boolean[], $7::int[], $8::boolean[]) AS d (u, s, a, l, e, r, t, o)
		ON CONFLICT (uid) DO UPDATE SET serial_number = excluded.serial_number, account = excluded.account, life_cycle = excluded.life_cycle,
			service_end = excluded.service_end, auto_renew = excluded.auto_renew,
			tell_on = CASE WHEN excluded.tell_on = 'infinity' THEN devices.tell_on ELSE excluded.tell_on END`,
		uids, serials, accounts, lives, ends, renew, days, others)
	if err != nil {
		return fmt.Errorf("write devices: %w", err)
	}
	return nil
}

// computedSpace makes the ids of what is computed.
var computedSpace = uuid.MustParse("5f1b1d0c-7a46-5f0e-b0a4-0c7f6f0c3b11")

// begin makes items of what falls due with the days up to a mark.
func (w *work) begin(ctx context.Context, mark eventlog.Recorded) error {
	begun, ok := mark.Event.(eventlog.DayBegun)
	if !ok || begun.Day <= w.devices.day {
		return nil
	}
	rows, _ := w.tx.Query(ctx, `SELECT uid, serial_number, account, life_cycle, service_end - '1970-01-01', auto_renew, tell_on - '1970-01-01'
		FROM devices WHERE tell_on <= date '1970-01-01' + $1::int ORDER BY tell_on, uid`, int32(begun.Day))
	var tellings []due.Telling
	var uids [][16]byte
	var next []*int32
	var s device.State
	var end, from int32
	_, err := pgx.ForEachRow(rows, []any{&s.UID, &s.SerialNumber, &s.Account, &s.LifeCycle, &end, &s.Service.AutoRenew, &from}, func() error {
		s.Service.End = dateOf(end)
		all := due.Tellings(s, w.windows)
		told, later := due.Between(all, dateOf(from), begun.Day)
		if w.devices.day == 0 { // the log is older than its marks: what is true today, not what once became so
			told = due.Current(told, begun.Day)
		}
		tellings = append(tellings, told...)
		uids = append(uids, s.UID)
		next = append(next, orNull(later))
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for what falls due: %w", err)
	}
	due.Sort(tellings)
	for _, t := range tellings {
		if err := w.compute(mark, t); err != nil {
			return err
		}
	}
	_, err = w.tx.Exec(ctx, `UPDATE devices SET tell_on = date '1970-01-01' + t.day FROM unnest($1::uuid[], $2::int[]) AS t (uid, day) WHERE devices.uid = t.uid`, uids, next)
	if err == nil {
		_, err = w.tx.Exec(ctx, `UPDATE head SET day = date '1970-01-01' + $1::int`, int32(begun.Day))
	}
	if err != nil {
		return fmt.Errorf("note what was told: %w", err)
	}
	w.devices.day = begun.Day
	return nil
}

// compute makes an item of what has fallen due.
func (w *work) compute(mark eventlog.Recorded, t due.Telling) error {
	data, err := json.Marshal(query.Computed{On: t.On, Data: t.Event})
	if err != nil {
		return fmt.Errorf("computed event: %w", err)
	}
	uid, account := t.Of()
	w.items = append(w.items, item{
		event: uuid.NewSHA1(computedSpace, []byte(t.Key())), kind: t.Event.EventType(), stream: devicePrefix + uid.String(), revision: eventlog.NoStream,
		audience: audience{need: rights.DevicesRead, accounts: []uuid.UUID{account}}, device: uid, computed: data,
		commit: int64(mark.Position.Commit), prepared: int64(mark.Position.Prepare),
	})
	return nil
}

func dateOf(day int32) calendar.Date { return calendar.Date(day) }

func orNull(day calendar.Date) *int32 {
	if day == 0 {
		return nil
	}
	return new(int32(day))
}
