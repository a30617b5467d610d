package eventstoredb

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/fleetledger/fleetledger/adapters/eventnode/eventnodetest"
	"github.com/fleetledger/fleetledger/app/eventlog"
)

// The suite publishes messages of its own. They are stored as events, one
// stream per topic, and delivered one by one; all else is the Subscriber of the
// product.

// TestPubSub runs watermill's suite, short unless FLEETLEDGER_SUITE is set: in
// full it takes minutes.
func TestPubSub(t *testing.T) {
	constructor, features := suite(t)
	tests.TestPubSub(t, features, constructor, nil)
}

func TestPubSubStress(t *testing.T) {
	if os.Getenv("FLEETLEDGER_SUITE") == "" {
		t.Skip("slow: set FLEETLEDGER_SUITE to run it")
	}
	constructor, features := suite(t)
	features.ForceShort = true
	features.RestartServiceCommand = nil // ten at once would keep the node down
	tests.TestPubSubStressTest(t, features, constructor, nil)
}

func suite(t *testing.T) (tests.PubSubConstructor, tests.Features) {
	t.Helper()
	s, node := running(t, func(o *Options) { o.MaxCalls = 4096 })
	sent := newSentMessages()
	constructor := func(*testing.T) (message.Publisher, message.Subscriber) {
		return suitePublisher{s, sent}, &suiteSubscriber{store: s, sent: sent}
	}
	return constructor, tests.Features{
		GuaranteedOrder:                  true,
		Persistent:                       true,
		NewSubscriberReceivesOldMessages: true,
		ForceShort:                       os.Getenv("FLEETLEDGER_SUITE") == "",
		RestartServiceCommand:            restartCommand(t, node),
	}
}

// suiteMessage is a message as an event.
type suiteMessage struct {
	UUID     string
	Metadata message.Metadata
	payload  []byte
}

func (suiteMessage) EventType() string { return "Message" }

type suitePublisher struct {
	store *Store
	sent  *sentMessages
}

func (p suitePublisher) Publish(topic string, messages ...*message.Message) error {
	events := make([]esdb.EventData, len(messages))
	for i, m := range messages {
		metadata, err := json.Marshal(suiteMessage{UUID: m.UUID, Metadata: m.Metadata})
		if err != nil {
			return err
		}
		events[i] = esdb.EventData{
			EventID: uuid.NewSHA1(uuid.Nil, []byte(topic+m.UUID)), EventType: "Message", Data: m.Payload, Metadata: metadata,
		}
	}
	_, _, err := p.store.append(context.Background(), topic+"/0", eventlog.Any, events)
	if err == nil {
		p.sent.add(topic, len(events))
	}
	return err
}

func (suitePublisher) Close() error { return nil }

func decodeMessage(e *esdb.RecordedEvent) (eventlog.Recorded, error) {
	m := suiteMessage{payload: e.Data}
	err := json.Unmarshal(e.UserMetadata, &m)
	return eventlog.Recorded{ID: e.EventID, Position: position(e), Event: m}, err
}

// sentMessages counts what was published, by topic. TestReconnect compares its
// list of sent messages with those received when the last of 10,000 arrives; by
// then not every Publish has returned (an event can be delivered before its
// append is answered, long before when the answer is lost), and another of its
// goroutines has yet to note what was sent. So the last message is held until
// all were published, and for a moment more.
type sentMessages struct {
	mu    sync.Mutex
	more  sync.Cond
	count map[string]int
}

const (
	reconnectMessages = 10_000
	noted             = 200 * time.Millisecond
)

func newSentMessages() *sentMessages {
	s := &sentMessages{count: map[string]int{}}
	s.more.L = &s.mu
	return s
}

func (s *sentMessages) add(topic string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count[topic] += n
	s.more.Broadcast()
}

func (s *sentMessages) waitForLast(topic string) {
	s.mu.Lock()
	for s.count[topic] < reconnectMessages {
		s.more.Wait()
	}
	s.mu.Unlock()
	<-time.After(noted)
}

// suiteSubscriber makes a Subscriber for each topic.
type suiteSubscriber struct {
	store  *Store
	sent   *sentMessages
	mu     sync.Mutex
	inner  []*Subscriber
	closed bool
}

func (s *suiteSubscriber) Subscribe(ctx context.Context, topic string) (<-chan *message.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errSubscriberClosed
	}
	received := map[string]bool{}
	sub, err := NewSubscriber(s.store, SubscriberOptions{
		FollowOptions: FollowOptions{
			Prefixes: []string{topic + "/"}, MaxEvents: 1, decode: decodeMessage,
			Backoff: Backoff{Min: time.Millisecond, Max: 100 * time.Millisecond},
		},
		From:       func(context.Context) (eventlog.Position, error) { return eventlog.Position{}, nil },
		Redelivery: Backoff{Min: time.Millisecond, Max: 10 * time.Millisecond},
		message: func(b eventlog.Batch) *message.Message {
			if len(b.Events) == 0 {
				return nil
			}
			e := b.Events[0].Event.(suiteMessage)
			m := message.NewMessage(e.UUID, e.payload)
			m.Metadata = e.Metadata
			if received[e.UUID] = true; len(received) == reconnectMessages {
				s.sent.waitForLast(topic)
			}
			return m
		},
	})
	if err != nil {
		return nil, err
	}
	s.inner = append(s.inner, sub)
	return sub.Subscribe(ctx, topic)
}

func (s *suiteSubscriber) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, sub := range s.inner {
		if err := sub.Close(); err != nil {
			return err
		}
	}
	return nil
}

// The suite restarts its service with a command. Here the service lives in the
// test process, so the command is this binary again, which asks for the restart
// over a socket and waits until it is done.
const restartArgument = "restart-the-node"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == restartArgument {
		if err := askForRestart(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func askForRestart(socket string) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = bufio.NewReader(conn).ReadString('\n')
	return err
}

func restartCommand(t *testing.T, node *eventnodetest.Restartable) []string {
	t.Helper()
	socket := filepath.Join(filepath.Dir(node.SocketPath()), "restart.sock")
	l, err := net.Listen("unix", socket)
	require.NoError(t, err)
	served := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-served })
	go func() {
		defer close(served)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			node.Stop()
			node.Start()
			_, _ = conn.Write([]byte("done\n"))
			_ = conn.Close()
		}
	}()
	self, err := os.Executable()
	require.NoError(t, err)
	return []string{self, restartArgument, socket}
}
