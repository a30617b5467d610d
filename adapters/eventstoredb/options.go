package eventstoredb

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/fleetledger/fleetledger/app/ports"
)

// Options say which store to use and how patient to be. One of
// ConnectionString and SocketPath is required; everything else has a default.
type Options struct {
	// ConnectionString is an esdb:// or esdb+discover:// URL.
	ConnectionString string
	// SocketPath is the unix socket of a node on this machine. The folder it
	// is in decides who may connect.
	SocketPath string

	// CallTimeout bounds an append, and the wait for the next event of a read,
	// where the caller's context has no earlier deadline. Default 10 s.
	CallTimeout time.Duration
	// MaxCalls bounds the calls inside the client at once, those whose callers
	// have left included. At the bound a call waits for its turn, at most for
	// the call timeout; when all callers have left it fails in a moment.
	// Default 512.
	MaxCalls int
	// Retry spaces the attempts of one call. Default 20 ms to 500 ms.
	Retry Backoff
	// DiscoveryInterval is how often the client looks for the node while it is
	// away. Default 250 ms; a connection string may say otherwise.
	DiscoveryInterval time.Duration

	// Persons has the keys that personal data in events is sealed with. Without
	// it events that name people can neither be appended nor, once sealed, read.
	Persons ports.PersonKeys

	Logger     *slog.Logger          // default: discards
	Registerer prometheus.Registerer // default: metrics are not registered
	Tracer     trace.Tracer          // nil: appends make no spans
}

func (o Options) withDefaults() Options {
	if o.CallTimeout <= 0 {
		o.CallTimeout = 10 * time.Second
	}
	if o.MaxCalls <= 0 {
		o.MaxCalls = 512
	}
	o.Retry = o.Retry.withDefaults(20*time.Millisecond, 500*time.Millisecond)
	if o.DiscoveryInterval <= 0 {
		o.DiscoveryInterval = 250 * time.Millisecond
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// configuration is what the client gets. Discovery never gives up: a client
// that has given up once refuses every later call.
func (o Options) configuration() (*esdb.Configuration, error) {
	var conf *esdb.Configuration
	switch {
	case o.ConnectionString != "" && o.SocketPath != "":
		return nil, errors.New("event store: both a connection string and a socket are given")
	case o.SocketPath != "":
		conf = &esdb.Configuration{
			Address:           "unix:" + o.SocketPath,
			DisableTLS:        true,
			NodePreference:    esdb.NodePreferenceLeader,
			GossipTimeout:     5,
			KeepAliveInterval: 10 * time.Second,
			KeepAliveTimeout:  10 * time.Second,
		}
	case o.ConnectionString != "":
		var err error
		if conf, err = esdb.ParseConnectionString(o.ConnectionString); err != nil {
			return nil, fmt.Errorf("event store: connection string: %w", err)
		}
	default:
		return nil, errors.New("event store: neither a connection string nor a socket is given")
	}
	if !strings.Contains(strings.ToLower(o.ConnectionString), "discoveryinterval=") {
		conf.DiscoveryInterval = int(o.DiscoveryInterval.Milliseconds())
	}
	conf.MaxDiscoverAttempts = math.MaxInt32
	return conf, nil
}
