package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Store is a connection to an event store. It is safe for concurrent use and
// survives any outage.
type Store struct {
	clients *clients
	guard   *guard
	metrics *metrics
	options Options
	appends appends
	closing sync.Once
}

var _ eventlog.Log = (*Store)(nil)

// Open prepares a Store. It does not wait for the node: that is looked for by
// the first call. Use Ping to wait for it.
func Open(_ context.Context, o Options) (*Store, error) {
	o = o.withDefaults()
	conf, err := o.configuration()
	if err != nil {
		return nil, err
	}
	if err := conf.Validate(); err != nil {
		return nil, fmt.Errorf("event store: %w", err)
	}
	s := &Store{guard: newGuard(o.MaxCalls, o.CallTimeout), options: o}
	s.clients = &clients{
		spacing: time.Duration(conf.DiscoveryInterval) * time.Millisecond, lost: s.lost, log: s.logClient,
		open: func(log esdb.LoggingFunc) (*esdb.Client, error) {
			conf := *conf
			conf.Logger = log
			return esdb.NewClient(&conf)
		},
	}
	s.metrics = newMetrics(s.guard, s.clients, &s.appends)
	if err := s.metrics.register(o.Registerer); err != nil {
		return nil, err
	}
	return s, nil
}

// closePatience is how long Close waits for calls to leave the client. Calls
// end at once when their context does, unless the node is away.
const closePatience = 2 * time.Second

// Close ends all calls and subscriptions and lets go of the connection. While
// the node is away, calls can hang inside the client, and closing it then would
// panic them: Close leaves them behind, and the client is closed when they end.
// It may be called more than once.
func (s *Store) Close() error {
	s.closing.Do(func() {
		idle := s.guard.drain(closePatience, s.clients.close)
		if !idle {
			s.options.Logger.Warn("event store closed with calls hanging in the client",
				"parked", s.guard.parked.Load())
		}
		s.metrics.unregister(s.options.Registerer)
	})
	return nil
}

// Ping waits until the node answers, at most for the call timeout.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.end(ctx, "ping")
	return err
}

// End is the position of the log's last event, zero when there is none.
func (s *Store) End(ctx context.Context) (eventlog.Position, error) {
	return s.end(ctx, "find the end of the log")
}

// end is the position of the log's last event, zero when there is none.
func (s *Store) end(ctx context.Context, what string) (eventlog.Position, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.CallTimeout)
	defer cancel()
	retry := s.attempts("read", what)
	for {
		p, err := with(ctx, s, readEnd)
		if err == nil {
			return p, nil
		}
		if err := retry.again(ctx, err); err != nil {
			return eventlog.Position{}, err
		}
	}
}

func readEnd(ctx context.Context, c *esdb.Client) (eventlog.Position, error) {
	r, err := c.ReadAll(ctx, esdb.ReadAllOptions{Direction: esdb.Backwards, From: esdb.End{}}, 1)
	if err != nil {
		return eventlog.Position{}, err
	}
	defer r.Close()
	e, err := r.Recv()
	if errors.Is(err, io.EOF) {
		return eventlog.Position{}, nil
	}
	if err != nil {
		return eventlog.Position{}, err
	}
	return position(e.OriginalEvent()), nil
}
