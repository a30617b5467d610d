package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// All of these run against the embedded node on a PostgreSQL without fsync, in
// one process.

func BenchmarkAppend(b *testing.B) {
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s, _ := running(b)
			var streams atomic.Int64
			b.SetParallelism(callers) // times GOMAXPROCS, close enough for many
			if callers == 1 {
				appendOn(b, s, "account-1", b.Loop)
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				appendOn(b, s, fmt.Sprintf("account-%d", streams.Add(1)), pb.Next)
			})
		})
	}
}

func appendOn(b *testing.B, s *Store, stream string, more func() bool) {
	rev := eventlog.NoStream
	for n := 0; more(); n++ {
		var err error
		if rev, _, err = s.Append(b.Context(), stream, rev, fact(n)); err != nil {
			b.Error(err)
			return
		}
	}
}

func BenchmarkReadStream(b *testing.B) {
	for _, count := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("events=%d", count), func(b *testing.B) {
			s, _ := running(b)
			_, _, err := s.Append(b.Context(), "account-1", eventlog.NoStream, facts(count)...)
			require.NoError(b, err)
			for b.Loop() {
				require.Len(b, all(b, s.ReadStream(b.Context(), "account-1", 0)), count)
			}
		})
	}
}

// BenchmarkAppendToDelivery is the time from an append's call to the delivery
// of its event to an idle follower.
func BenchmarkAppendToDelivery(b *testing.B) {
	s, _ := running(b)
	ctx, cancel := context.WithCancel(b.Context())
	delivered, ended := make(chan time.Time, 1), make(chan struct{})
	caughtUp := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Follow(ctx, FollowOptions{Prefixes: []string{"account-"}, Checkpoint: time.Hour}, fromStart,
			func(_ context.Context, batch eventlog.Batch) error {
				if len(batch.Events) == 0 {
					close(caughtUp)
					return nil
				}
				delivered <- time.Now()
				return nil
			})
	}()
	<-caughtUp
	var took []time.Duration
	rev := eventlog.NoStream
	for b.Loop() {
		start := time.Now()
		var err error
		rev, _, err = s.Append(ctx, "account-1", rev, fact(0))
		require.NoError(b, err)
		took = append(took, (<-delivered).Sub(start))
	}
	cancel()
	<-ended
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkFollow is how fast a follower catches up.
func BenchmarkFollow(b *testing.B) {
	const count = 50_000
	s, _ := running(b)
	for i := range count / 500 {
		_, _, err := s.Append(b.Context(), fmt.Sprintf("account-%d", i), eventlog.NoStream, facts(500)...)
		require.NoError(b, err)
	}
	b.Run("of others", func(b *testing.B) { // nothing to deliver, all to look through
		done := errors.New("done")
		for b.Loop() {
			err := s.Follow(b.Context(), FollowOptions{Prefixes: []string{"device-"}}, fromStart,
				func(_ context.Context, batch eventlog.Batch) error {
					if batch.CaughtUp {
						return done
					}
					return nil
				})
			require.ErrorIs(b, err, done)
		}
		b.ReportMetric(float64(count)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	})
	raw := func(e *esdb.RecordedEvent) (eventlog.Recorded, error) {
		return eventlog.Recorded{Position: position(e)}, nil
	}
	for name, decode := range map[string]func(*esdb.RecordedEvent) (eventlog.Recorded, error){"decoded": decode, "raw": raw} {
		b.Run(name, func(b *testing.B) {
			done := errors.New("done")
			batches := 0
			for b.Loop() {
				n := 0
				err := s.Follow(b.Context(), FollowOptions{Prefixes: []string{"account-"}, decode: decode}, fromStart,
					func(_ context.Context, batch eventlog.Batch) error {
						batches++
						if n += len(batch.Events); n == count {
							return done
						}
						return nil
					})
				require.ErrorIs(b, err, done)
			}
			b.ReportMetric(float64(count)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(count)*float64(b.N)/float64(batches), "events/batch")
		})
	}
}
