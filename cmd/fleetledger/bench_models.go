package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/query"
	"github.com/fleetledger/fleetledger/projections"
	"github.com/fleetledger/fleetledger/projections/feed"
	"github.com/fleetledger/fleetledger/projections/fleet"
	"github.com/fleetledger/fleetledger/projections/transparency"
)

// measureSmaller measures what is compared with a tenth of the devices.
func (b *benchRun) measureSmaller(ctx context.Context) error {
	if err := b.caughtUp(ctx); err != nil {
		return err
	}
	b.small.devices = b.seeded.devices
	if err := b.analyse(ctx); err != nil {
		return err
	}
	took, err := b.readTimes(ctx, customersPage)
	if err != nil {
		return err
	}
	b.small.page = took[0]
	if b.small.memory, err = b.memoryOfRebuild(ctx); err != nil {
		return err
	}
	b.small.bytes, b.small.events = b.seeded.bytes, b.seeded.events
	b.small.disk, err = b.onDisk(ctx)
	return err
}

// analyse has the database know what is there, and which pages all may see, as it does by
// itself after a while.
func (b *benchRun) analyse(ctx context.Context) error {
	_, err := b.pool.Exec(ctx, "VACUUM (ANALYZE)")
	return err
}

// live has the read models, which were stopped, catch up with what was recorded since.
func (b *benchRun) live(ctx context.Context) error {
	events := b.seeded.events - b.small.events
	begun := time.Now()
	if err := b.caughtUp(ctx); err != nil {
		return err
	}
	rate := float64(events) / time.Since(begun).Seconds()
	if err := b.analyse(ctx); err != nil {
		return err
	}
	rows, took, err := b.copied(ctx, fleet.Projection().Schema())
	if err != nil {
		return err
	}
	b.add(figure{
		ID: "live", What: fmt.Sprintf("the read models, all three, catch up with %d events", events), Value: rate, Unit: "events/s",
		Limit: float64(b.seeded.events) / took, LimitWhat: fmt.Sprintf("COPY of the fleet's %d rows with keys", rows),
	})
	return nil
}

// rebuilds fills each read model anew, beside a COPY of its rows.
func (b *benchRun) rebuilds(ctx context.Context) error {
	for _, p := range []projections.Projection{fleet.Projection(), feed.Projection(query.DefaultWindows), transparency.Projection()} {
		begun := time.Now()
		events, err := b.rebuild(ctx, p.Name)
		if err != nil {
			return err
		}
		took := time.Since(begun).Seconds()
		rows, limit, err := b.copied(ctx, p.Schema())
		if err != nil {
			return err
		}
		b.add(figure{
			ID: "rebuild_" + p.Name, What: fmt.Sprintf("rebuild of %s from %d events", p.Name, events), Value: float64(events) / took, Unit: "events/s",
			Limit: float64(events) / limit, LimitWhat: fmt.Sprintf("COPY of its %d rows with keys", rows),
		})
	}
	memory, err := b.memoryOfRebuild(ctx)
	if err != nil {
		return err
	}
	b.add(figure{
		ID: "memory", What: fmt.Sprintf("most that the live heap grows in a rebuild with %d devices", b.seeded.devices), Value: memory / (1 << 20), Unit: "MiB",
		Limit: b.small.memory / (1 << 20), LimitWhat: fmt.Sprintf("with %d", b.small.devices),
	})
	return nil
}

// rebuild fills a read model anew.
func (b *benchRun) rebuild(ctx context.Context, name string) (events int64, err error) {
	err = b.runner.Rebuild(ctx, name, func(p projections.Progress) { events = p.Events })
	return events, err
}

// memoryOfRebuild tells by how many bytes what is live on the heap grows, at most, while the
// fleet is filled anew. The collector runs all the time: by itself it would look a few times
// in a short rebuild and often in a long one, which finds more.
func (b *benchRun) memoryOfRebuild(ctx context.Context) (most float64, err error) {
	live := func() float64 {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		runtime.GC()
		metrics.Read(sample)
		return float64(sample[0].Value.Uint64())
	}
	before := live()
	watching, stop := context.WithCancel(ctx)
	var watch errgroup.Group
	watch.Go(func() error {
		for watching.Err() == nil {
			most = max(most, live()-before)
		}
		return nil
	})
	_, err = b.rebuild(ctx, fleet.Name)
	stop()
	_ = watch.Wait() // gives no error
	return most, err
}

// copied tells how long a COPY of the rows of a schema takes, into tables with the same
// keys and no other indexes.
func (b *benchRun) copied(ctx context.Context, schema string) (rows int64, seconds float64, err error) {
	tables, err := tablesOf(ctx, b.pool, schema)
	if err != nil {
		return 0, 0, err
	}
	for _, t := range tables {
		n, took, err := copyOf(ctx, b.pool, t)
		if err != nil {
			return 0, 0, err
		}
		rows, seconds = rows+n, seconds+took.Seconds()
	}
	return rows, seconds, nil
}

func tablesOf(ctx context.Context, pool *pgxpool.Pool, schema string) ([]string, error) {
	rows, err := pool.Query(ctx, `SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = $1`, schema)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// withKeys makes bench_copy like a table, with its unique indexes only.
const withKeys = `DROP TABLE IF EXISTS bench_copy; CREATE TABLE bench_copy (LIKE %s INCLUDING INDEXES);
	DO $$ DECLARE other text; BEGIN
		FOR other IN SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'bench_copy'::regclass AND NOT indisunique LOOP
			EXECUTE 'DROP INDEX ' || other;
		END LOOP;
	END $$`

// copyOf copies the rows of a table into another one, from memory. Only the writing is
// timed.
func copyOf(ctx context.Context, pool *pgxpool.Pool, table string) (rows int64, took time.Duration, err error) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Release()
	// Many rows take longer to copy than a request may take.
	if _, err := conn.Exec(ctx, "SET statement_timeout = 0"); err != nil {
		return 0, 0, err
	}
	defer func() {
		_, reset := conn.Exec(context.WithoutCancel(ctx), "RESET statement_timeout")
		err = errors.Join(err, reset)
	}()
	var content bytes.Buffer
	if _, err := conn.Conn().PgConn().CopyTo(ctx, &content, "COPY "+table+" TO STDOUT (FORMAT binary)"); err != nil {
		return 0, 0, err
	}
	if _, err := conn.Exec(ctx, fmt.Sprintf(withKeys, table)); err != nil {
		return 0, 0, err
	}
	begun := time.Now()
	tag, err := conn.Conn().PgConn().CopyFrom(ctx, &content, "COPY bench_copy FROM STDIN (FORMAT binary)")
	return tag.RowsAffected(), time.Since(begun), err
}

// disk compares what devices take on the disk, without the write-ahead log, with the bytes
// of their events.
func (b *benchRun) disk(ctx context.Context) error {
	all, err := b.onDisk(ctx)
	if err != nil {
		return err
	}
	devices := float64(b.seeded.devices - b.small.devices)
	b.add(figure{
		ID: "disk", What: "a device: log, rows and indexes", Value: float64(all-b.small.disk) / devices, Unit: "bytes",
		Limit: float64(b.seeded.bytes-b.small.bytes) / devices, LimitWhat: "its events, data and metadata",
	})
	return nil
}

// onDisk is what the log and the live read models take, in bytes.
func (b *benchRun) onDisk(ctx context.Context) (total int64, err error) {
	if err := b.pool.QueryRow(ctx, "SELECT pg_total_relation_size('eventnode.events')").Scan(&total); err != nil {
		return 0, err
	}
	all, err := b.runner.Status(ctx)
	for _, s := range all {
		total += s.Size
	}
	return total, err
}
