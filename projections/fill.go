package projections

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// fill applies the log from where it is to the log's end, and reads on meanwhile.
func (b *rebuild) fill(ctx context.Context) error {
	if err := b.start(ctx, b.r.End, b.generation); err != nil {
		return err
	}
	after := b.position
	batches := make(chan []eventlog.Recorded)
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		defer close(batches)
		return b.read(ctx, after, batches)
	})
	work.Go(func() error {
		for batch := range batches {
			if err := b.take(ctx, batch); err != nil {
				return err
			}
		}
		return nil
	})
	return work.Wait()
}

// read reads the log to its end, in batches.
func (b *rebuild) read(ctx context.Context, after eventlog.Position, batches chan<- []eventlog.Recorded) error {
	var batch []eventlog.Recorded
	hand := func() error {
		select {
		case batches <- batch:
			batch = nil
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for e, err := range b.r.logOf(&follower{projection: &b.p}).ReadAll(ctx, after, b.p.Prefixes...) {
		if err != nil {
			return fmt.Errorf("read the log after %s: %w", after, err)
		}
		if batch = append(batch, e); len(batch) == rebuildBatch {
			if err := hand(); err != nil {
				return err
			}
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return hand()
}

// take makes rows of a batch; they and where the generation is are one transaction.
func (b *rebuild) take(ctx context.Context, batch []eventlog.Recorded) error {
	next := b.generation
	next.events += int64(len(batch))
	next.last = lastOf(batch)
	next.position = next.last.position
	err := b.inGeneration(ctx, func(tx pgx.Tx) error {
		if err := b.p.Apply(ctx, tx, batch); err != nil {
			return err
		}
		return next.save(ctx, tx, b.p)
	})
	if err != nil {
		return fmt.Errorf("after position %s: %w", b.position, err)
	}
	b.generation = next
	b.reportStep("filling")
	return nil
}
