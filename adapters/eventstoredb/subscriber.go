package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"github.com/fleetledger/fleetledger/app/eventlog"
)

// Metadata of a message: what its batch spans. The batch itself is in the
// message's context, see eventlog.BatchFrom.
const (
	MetadataFirst  = "first_position" // of the first event; missing when there is none
	MetadataUpto   = "upto_position"
	MetadataEvents = "events" // how many
)

// SubscriberOptions say what a Subscriber delivers. Prefixes and From are
// required.
type SubscriberOptions struct {
	FollowOptions
	// From loads the position to start behind, each time the subscription
	// (re)starts: that of the reader's checkpoint.
	From func(context.Context) (eventlog.Position, error)
	// Redelivery spaces the deliveries of a batch that was nacked; an ack
	// resets it. Default 100 ms to 30 s.
	Redelivery Backoff
	// Stopped is told why a subscription ended that was neither closed nor
	// cancelled: an event cannot be read, codec.ErrUnknown when this program
	// does not know it, or the store was closed. Only then is the output closed
	// early. Optional.
	Stopped func(error)

	message func(eventlog.Batch) *message.Message // default: batchMessage; nil says that there is nothing to deliver
}

// Subscriber delivers the log as watermill messages, one message per batch and
// one at a time: the next is made when the last was acked. It implements
// message.Subscriber.
type Subscriber struct {
	store   *Store
	options SubscriberOptions
	closed  context.Context
	close   context.CancelFunc
	mu      sync.Mutex // orders Subscribe against Close
	failure error      // why a subscription ended by itself
	running sync.WaitGroup
}

var _ message.Subscriber = (*Subscriber)(nil)

// NewSubscriber makes a Subscriber on the store, which must outlive it.
func NewSubscriber(s *Store, o SubscriberOptions) (*Subscriber, error) {
	if len(o.Prefixes) == 0 || o.From == nil {
		return nil, errors.New("subscriber: prefixes and a start are required")
	}
	o.Redelivery = o.Redelivery.withDefaults(100*time.Millisecond, 30*time.Second)
	if o.message == nil {
		o.message = batchMessage
	}
	sub := &Subscriber{store: s, options: o}
	sub.closed, sub.close = context.WithCancel(context.Background())
	return sub, nil
}

// errSubscriberClosed answers Subscribe after Close.
var errSubscriberClosed = errors.New("subscriber is closed")

// Subscribe starts a subscription. The topic names it in logs and metrics,
// where the options do not. The output is closed when ctx ends, after Close,
// and at an event that cannot be read; never because the store is away.
func (s *Subscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Err() != nil {
		return nil, errSubscriberClosed
	}
	o := s.options
	if o.Name == "" {
		o.Name = topic
	}
	ctx, cancel := context.WithCancel(ctx)
	unlink := context.AfterFunc(s.closed, cancel) //nolint:contextcheck // Close has no context to inherit
	d := &delivery{store: s.store, options: o, out: make(chan *message.Message)}
	s.running.Go(func() {
		defer close(d.out)
		defer cancel()
		defer unlink()
		err := s.store.Follow(ctx, o.FollowOptions, o.From, d.deliver)
		if ctx.Err() != nil {
			return
		}
		s.mu.Lock()
		s.failure = err
		s.mu.Unlock()
		s.store.options.Logger.Error("event store: subscription stopped", "follower", o.Name, "error", err)
		if o.Stopped != nil {
			o.Stopped(err)
		}
	})
	return d.out, nil
}

// Close ends all subscriptions and waits until their outputs are closed. A
// message that was not acked by then comes again after the next start.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	s.close()
	s.mu.Unlock()
	s.running.Wait()
	return nil
}

// Err is why a subscription ended that was neither closed nor cancelled, as
// told to Stopped; nil while there is none.
func (s *Subscriber) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failure
}

// delivery hands batches to one output.
type delivery struct {
	store   *Store
	options SubscriberOptions
	out     chan *message.Message
}

// deliver gives the batch to the consumer until it is acked.
func (d *delivery) deliver(ctx context.Context, b eventlog.Batch) error {
	for nacks := 0; ; nacks++ {
		acked, err := d.deliverOnce(ctx, b)
		if acked || err != nil {
			return err
		}
		d.store.metrics.redeliveries.WithLabelValues(d.options.Name).Inc()
		if err := d.options.Redelivery.wait(ctx, nacks); err != nil {
			return err
		}
	}
}

// deliverOnce gives the batch to the consumer and waits for the answer. The message's context ends with the answer
// to it, and with the subscription.
func (d *delivery) deliverOnce(ctx context.Context, b eventlog.Batch) (acked bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := d.options.message(b)
	if m == nil {
		return true, nil
	}
	m.SetContext(eventlog.ContextWithBatch(ctx, b))
	select {
	case d.out <- m:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	select {
	case <-m.Acked():
		return true, nil
	case <-m.Nacked():
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// batchMessage is a message without payload: the batch travels in its context.
func batchMessage(b eventlog.Batch) *message.Message {
	id := b.Upto.String()
	if n := len(b.Events); n > 0 {
		id = b.Events[n-1].ID.String()
	}
	m := message.NewMessage(id, nil)
	if len(b.Events) > 0 {
		m.Metadata.Set(MetadataFirst, b.Events[0].Position.String())
	}
	m.Metadata.Set(MetadataUpto, b.Upto.String())
	m.Metadata.Set(MetadataEvents, strconv.Itoa(len(b.Events)))
	return m
}

// String names the subscriber in watermill's logs.
func (s *Subscriber) String() string {
	return fmt.Sprintf("eventstoredb.Subscriber(%s)", s.options.Name)
}
