package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/access"
	"github.com/fleetledger/fleetledger/app/devices"
	"github.com/fleetledger/fleetledger/app/eventlog"
	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/domain"
	"github.com/fleetledger/fleetledger/domain/device"
	"github.com/fleetledger/fleetledger/projections/fleet"
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

// appending compares appends of one event to a stream of its own with what a careful
// store does that is written by hand: it looks at the stream's revision and inserts the
// event, in one transaction, on the same server. Both take turns, and the middle one of
// three is kept.
func (b *benchRun) appending(ctx context.Context) error {
	const table = "CREATE TABLE bench_floor (stream text, revision bigint, id uuid NOT NULL, data jsonb NOT NULL, PRIMARY KEY (stream, revision))"
	if _, err := b.pool.Exec(ctx, table); err != nil {
		return err
	}
	floor := func(ctx context.Context) error {
		return pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
			stream, last := "bench-"+uuid.NewString(), int64(0)
			if err := tx.QueryRow(ctx, `SELECT coalesce(max(revision), -1) FROM bench_floor WHERE stream = $1`, stream).Scan(&last); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO bench_floor VALUES ($1, $2, $3, $4)`, stream, last+1, uuid.New(), `{"device":"bench","reason":"limit"}`)
			return err
		})
	}
	add := func(ctx context.Context) error {
		uid := uuid.New()
		_, _, err := b.log.Append(ctx, "bench-"+uid.String(), eventlog.NoStream, eventlog.NewEvent{
			ID: uuid.New(), Event: device.Suspended{Device: uid, Reason: "limit"},
			Metadata: eventlog.Metadata{SchemaVersion: 1, OccurredAt: b.clock.Now(), Actor: benchOperator.Actor},
		})
		return err
	}
	b.floor, b.appends = map[int]float64{}, map[int]float64{}
	for _, callers := range []int{1, 16} {
		var err error
		if b.appends[callers], b.floor[callers], err = b.paired(ctx, callers, add, floor); err != nil {
			return err
		}
		b.add(figure{
			ID: fmt.Sprint("append_", callers), What: fmt.Sprintf("durable appends of one event, %d callers, nothing follows", callers), Value: b.appends[callers], Unit: "/s",
			Limit: b.floor[callers], LimitWhat: "look at the revision and insert, by hand",
		})
	}
	return nil
}

// paired measures work and its limit in turns, three times, and gives the middle rates.
func (b *benchRun) paired(ctx context.Context, callers int, work, limit func(context.Context) error) (rate, limited float64, err error) {
	var rates, limits []float64
	for range 3 {
		l, err1 := b.perSecond(ctx, callers, limit)
		r, err2 := b.perSecond(ctx, callers, work)
		if err := errors.Join(err1, err2); err != nil {
			return 0, 0, err
		}
		rates, limits = append(rates, r), append(limits, l)
	}
	return median(rates), median(limits), nil
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// registration registers devices over HTTP, 1,000 in a request.
func (b *benchRun) registration(ctx context.Context) error {
	const inRequest = 1000
	begun := time.Now()
	for first := 0; first < b.Registered; first += inRequest {
		var items []map[string]string
		for i := first; i < min(first+inRequest, b.Registered); i++ {
			items = append(items, map[string]string{"serialNumber": benchSerial(i), "imei": testIMEI(b.Devices + i), "account": b.seeded.customers[i%len(b.seeded.customers)].String()})
		}
		answer, err := b.http.send(ctx, http.MethodPost, "/v1/device-registrations", map[string]any{"items": items})
		if err != nil {
			return err
		}
		var result struct{ Summary struct{ Created int } }
		if err := json.Unmarshal(answer, &result); err != nil || result.Summary.Created != len(items) {
			return fmt.Errorf("registered %d of %d devices: %.300s", result.Summary.Created, len(items), answer)
		}
	}
	b.add(figure{
		ID: "bulk", What: fmt.Sprintf("registration of %d devices over HTTP", b.Registered), Value: float64(b.Registered) / time.Since(begun).Seconds(), Unit: "/s",
		Limit: b.floor[16], LimitWhat: "the floor of append_16",
	})
	return b.caughtUp(ctx)
}

func benchSerial(i int) string { return fmt.Sprintf("LD%014d", i) }

// caughtUp waits for the read models.
func (b *benchRun) caughtUp(ctx context.Context) error {
	latest, err := query.Latest(ctx, b.log, fleet.NewReader(b.pool, b.runner.WaitFor))
	if err != nil {
		return err
	}
	return b.runner.WaitFor(ctx, b.runner.Names(), latest)
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

// visibility measures the time from the beginning of a command to its effect in the read
// model, one command after the other, beside that of a notice from one connection of the
// database to another.
func (b *benchRun) visibility(ctx context.Context) error {
	const times = 200
	took, notices := make([]time.Duration, 0, times), make([]time.Duration, 0, times)
	hearing, err := b.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer hearing.Release()
	if _, err := hearing.Exec(ctx, "LISTEN bench"); err != nil {
		return err
	}
	for i := range times {
		labels := []string{fmt.Sprint("bench ", i)}
		begun := time.Now()
		receipt, err := b.app.Devices.Edit(ctx, benchOperator, devices.Edit{Device: benchSerial(0), Labels: &labels})
		if err == nil {
			err = b.runner.WaitFor(ctx, []string{fleet.Name}, receipt.Position)
		}
		if err != nil {
			return err
		}
		took = append(took, time.Since(begun))
		begun = time.Now()
		if _, err = b.pool.Exec(ctx, "NOTIFY bench"); err == nil {
			_, err = hearing.Conn().WaitForNotification(ctx)
		}
		if err != nil {
			return err
		}
		notices = append(notices, time.Since(begun))
	}
	slices.Sort(took)
	slices.Sort(notices)
	for id, n := range map[string]int{"visible_p50": times / 2, "visible_p99": times * 99 / 100} {
		b.add(figure{
			ID: id, What: "a command and its effect in the read model", Value: took[n].Seconds() * 1000, Unit: "ms",
			Limit: notices[n].Seconds() * 1000, LimitWhat: "NOTIFY and its hearing",
		})
	}
	return nil
}
