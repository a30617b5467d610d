package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/accounts"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/account"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/projections"
)

var benchOperator = access.Caller{Actor: domain.Actor{Kind: domain.ActorOperator, ID: "bench"}}

// perSecond measures how often per second callers side by side get work done.
func (b *benchRun) perSecond(ctx context.Context, callers int, work func(context.Context) error) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(b.Seconds)*time.Second)
	defer cancel()
	var done atomic.Int64
	begun := time.Now()
	var group errgroup.Group
	for range callers {
		group.Go(func() error {
			for ctx.Err() == nil {
				if err := work(context.WithoutCancel(ctx)); err != nil {
					return err
				}
				done.Add(1)
			}
			return nil
		})
	}
	err := group.Wait()
	return float64(done.Load()) / time.Since(begun).Seconds(), err
}

// appends compares appends of one event to a stream of its own with inserts of
// one row per transaction, written by hand, on the same server. Limits and
// figures take turns, and the middle one of three is kept.
func (b *benchRun) appends(ctx context.Context) error {
	const table = "CREATE TABLE IF NOT EXISTS bench_limit (id uuid PRIMARY KEY, data jsonb NOT NULL)"
	if _, err := b.pool.Exec(ctx, table); err != nil {
		return err
	}
	insert := func(ctx context.Context) error {
		_, err := b.pool.Exec(ctx, `INSERT INTO bench_limit VALUES ($1, $2)`, uuid.New(), `{"device":"bench","reason":"limit"}`)
		return err
	}
	add := func(ctx context.Context) error {
		uid := uuid.New()
		_, _, err := b.log.Append(ctx, "bench-"+uid.String(), eventlog.NoStream, eventlog.NewEvent{
			ID: uuid.New(), Event: device.Suspended{Device: uid, Reason: "limit"},
			Metadata: eventlog.Metadata{SchemaVersion: 1, OccurredAt: b.clock.Now(), Actor: benchOperator.Actor},
		})
		return err
	}
	for _, callers := range []int{1, 16} {
		var limits, rates []float64
		for range 3 {
			limit, err1 := b.perSecond(ctx, callers, insert)
			rate, err2 := b.perSecond(ctx, callers, add)
			if err := errors.Join(err1, err2); err != nil {
				return err
			}
			limits, rates = append(limits, limit), append(rates, rate)
		}
		limit, rate := median(limits), median(rates)
		b.add(figure{
			name: fmt.Sprintf("append of 1 event, %d callers", callers), value: fmt.Sprintf("%.0f/s", rate),
			limit: fmt.Sprintf("insert of 1 row, %.0f/s", limit), ratio: rate / limit,
		})
	}
	return nil
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// registration registers devices in one request. Each is four appends: two
// reservations and the device, and a look at what is there.
func (b *benchRun) registration(ctx context.Context) error {
	created, err := b.app.Accounts.Create(ctx, benchOperator, accounts.Create{
		Name: "Bench", Type: account.Standard,
		Administrator: struct{ Email, Name string }{"bench@example.com", "Bench"},
	})
	if err != nil {
		return err
	}
	command := devices.Register{}
	for i := range b.Devices {
		command.Items = append(command.Items, devices.Registration{
			SerialNumber: fmt.Sprintf("LD%014d", i), IMEI: testIMEI(i), Account: created.UID,
		})
	}
	begun := time.Now()
	result, err := b.app.Devices.Register(ctx, benchOperator, command)
	if err != nil {
		return err
	}
	if n := result.Count(domain.OutcomeCreated); n != b.Devices {
		return fmt.Errorf("registered %d of %d devices: %v", n, b.Devices, result.Results[0].Problems)
	}
	rate := float64(b.Devices) / time.Since(begun).Seconds()
	b.add(figure{name: fmt.Sprintf("registration of %d devices, one request", b.Devices), value: fmt.Sprintf("%.0f/s", rate)})
	return b.runner.WaitFor(ctx, b.runner.Names(), result.Position)
}

// testIMEI makes an IMEI of the test range with its check digit.
func testIMEI(i int) string {
	digits := fmt.Sprintf("00440%09d", i)
	sum := 0
	for n, c := range digits {
		d := int(c - '0')
		if n%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return fmt.Sprintf("%s%d", digits, (10-sum%10)%10)
}

// visibility measures the time from the beginning of a command to its effect in
// the read model, one command after the other.
func (b *benchRun) visibility(ctx context.Context) error {
	const times = 200
	took := make([]time.Duration, 0, times)
	for i := range times {
		labels := []string{fmt.Sprint("bench ", i)}
		begun := time.Now()
		receipt, err := b.app.Devices.Edit(ctx, benchOperator, devices.Edit{Device: "LD00000000000000", Labels: &labels})
		if err != nil {
			return err
		}
		if err := b.runner.WaitFor(ctx, b.runner.Names(), receipt.Position); err != nil {
			return err
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	round := func(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }
	b.add(figure{name: "command to visible, one at a time, p50", value: round(took[times/2])})
	b.add(figure{name: "command to visible, one at a time, p99", value: round(took[times*99/100])})
	return nil
}

// projecting rebuilds the read models and compares with upserting as many rows,
// 500 a transaction, written by hand.
func (b *benchRun) projecting(ctx context.Context) error {
	limit, err := b.upserts(ctx)
	if err != nil {
		return err
	}
	for _, name := range b.runner.Names() {
		var last projections.Progress
		begun := time.Now()
		if err := b.runner.Rebuild(ctx, name, func(p projections.Progress) { last = p }); err != nil {
			return err
		}
		rate := float64(last.Events) / time.Since(begun).Seconds()
		b.add(figure{
			name: "projection " + name + " catching up, whole rebuild", value: fmt.Sprintf("%.0f events/s", rate),
			limit: fmt.Sprintf("upserts, 500 a transaction, %.0f/s", limit), ratio: rate / limit,
		})
	}
	return nil
}

func (b *benchRun) upserts(ctx context.Context) (float64, error) {
	const batch = 500
	data := slices.Repeat([]string{strings.Repeat("x", 200)}, batch)
	rate, err := b.perSecond(ctx, 1, func(ctx context.Context) error {
		ids := make([][16]byte, batch)
		for i := range ids {
			ids[i] = uuid.New()
		}
		_, err := b.pool.Exec(ctx, `
			INSERT INTO bench_limit SELECT id, to_jsonb(data) FROM unnest($1::uuid[], $2::text[]) AS rows (id, data)
			ON CONFLICT (id) DO UPDATE SET data = excluded.data`, ids, data)
		return err
	})
	return rate * batch, err
}
